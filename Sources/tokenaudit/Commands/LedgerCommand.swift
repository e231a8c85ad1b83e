import ArgumentParser

struct LedgerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "ledger")
    @OptionGroup var options: SettingsOptions
    func run() async throws {}
}
