import ArgumentParser

@main
struct TokenAudit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenaudit",
        abstract: "An API gateway for language models that accounts for every token, exactly.",
        discussion: """
            Users get keys and quotas; each call is held against a quota before it is forwarded and billed before its \
            answer ends. Data goes to standard output, JSON logs go to standard error.

            Settings come from a YAML file (--config, or \(SettingsLoader.defaultFile) in the current folder), then \
            TOKENAUDIT_* variables, then flags. `tokenaudit config show` lists all with their values and origins.
            """,
        version: BuildVersion.text,
        subcommands: [
            ServeCommand.self, ApplyCommand.self, UsersCommand.self, MigrateCommand.self, DatabaseCommand.self,
            LedgerCommand.self, AuditCommand.self, PricesCommand.self, KeysCommand.self, ConfigCommand.self,
            HealthcheckCommand.self,
        ]
    )
}

enum BuildVersion {
    static let text = "0.1.0"
}
