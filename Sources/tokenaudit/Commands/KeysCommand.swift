import ArgumentParser
import Domain
import Storage

/// `keys`: the keys that guard the other secrets.
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Exchange the master key.",
        subcommands: [RotateMaster.self]
    )

    struct RotateMaster: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate-master",
            abstract: "Wrap every stored secret under a new master key.",
            discussion: """
                master_key_file names the new key; it is made where there is none. --old names the file of the key that \
                secrets are sealed under now. Each secret is rewrapped in a transaction of its own: broken off, the \
                command is run again. The old file may be thrown away when it says that all are under the new key.

                With a server running: give it both keys first (master_key_file, previous_master_key_file), restart it, \
                and run this with --beside-server. Exits 1 where a secret opens under neither key.
                """
        )

        @OptionGroup var options: SettingsOptions

        @Option(name: .customLong("old"), help: "The file of the key before; previous_master_key_file if not said.")
        var oldFile: String?

        @Flag(help: "Servers of this database have both keys already.")
        var besideServer = false

        func run() async throws {
            let settings = try options.load().settings
            guard let oldPath = oldFile ?? settings.previousMasterKeyFile else {
                throw ValidationError("name the file of the key before: --old FILE")
            }
            let books = try OpenedBooks(settings, migrates: false)
            defer { try? books.database.close() }
            // Held until the end: no server starts meanwhile with one key alone.
            let lock = besideServer ? nil : try books.lockOut()
            defer { lock?.release() }
            let (oldFile, newFile) = (MasterKeyFile(path: oldPath), MasterKeyFile(path: try settings.masterKeyPath))
            let old = try oldFile.load()
            let new = try newFile.loadOrCreate()
            guard old.key.id != new.key.id else {
                throw InputProblem(source: newFile.path, reason: "is the same key as \(oldPath)")
            }
            let vault = Vault(master: new.key, previous: old.key)
            let report = try MasterKeyRotation(database: books.database, vault: vault, now: Clock.now).run()
            for failure in report.failed { print("not rewrapped: \(failure)") }
            print("rewrapped \(report.rewrapped), already under the new key \(report.alreadyNew)")
            if !report.failed.isEmpty { throw ExitCode.failure }
        }
    }
}
