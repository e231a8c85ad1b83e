import ArgumentParser
import Storage

struct MigrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Bring the database's schema up to this version.",
        discussion: """
            `serve` and `apply` take steps that only add by themselves; steps that change or remove something wait for \
            this command. Stop the server and make a copy of the database first.
            """
    )

    @OptionGroup var options: SettingsOptions

    func run() throws {
        let loaded = try options.load()
        try OpenedBooks.naming(loaded.settings.database.description) {
            let database = try OpenedBooks.open(loaded.settings)
            let taken = try Migrations.run(on: database, additiveOnly: false, now: Clock.now())
            for migration in taken { print("took step \(migration.version): \(migration.name)") }
            print("the schema is at version \(Migrations.newest)")
            try database.close()
        }
    }
}
