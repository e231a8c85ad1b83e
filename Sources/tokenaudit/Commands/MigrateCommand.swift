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
        let path =
            switch loaded.settings.database {
            case .sqlite(let path): path
            }
        try Folder.make(for: path)
        try OpenedBooks.naming(path) {
            let database = try SQLiteDatabase(path: path)
            let taken = try Migrations.run(on: database, additiveOnly: false, now: Clock.now())
            for migration in taken { print("took step \(migration.version): \(migration.name)") }
            print("the schema is at version \(Migrations.newest)")
            try database.close()
        }
    }
}
