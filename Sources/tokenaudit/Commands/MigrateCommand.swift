import ArgumentParser

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "migrate")
    @OptionGroup var options: SettingsOptions
    func run() async throws {}
}
