import ArgumentParser

struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "apply")
    @OptionGroup var options: SettingsOptions
    func run() async throws {}
}
