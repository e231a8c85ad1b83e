import ArgumentParser

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the gateway.",
        discussion: """
            Listens on 127.0.0.1:8080 unless told otherwise. The first start makes the database and, beside it, the \
            master key. SIGTERM or Ctrl-C stops taking calls, lets the running ones end, and exits.
            """
    )

    @OptionGroup var options: SettingsOptions

    @Option(
        help: ArgumentHelp("Address and port, such as 127.0.0.1:8080; port 0 takes a free one.", valueName: "host:port")
    )
    var listen: String?

    func run() async throws {
        let loaded = try options.load(more: ["listen": listen])
        try await Server(loaded: loaded, logger: loaded.logger()).run()
    }
}
