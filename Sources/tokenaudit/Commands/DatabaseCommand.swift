import ArgumentParser
import Domain
import Storage

struct DatabaseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "database",
        abstract: "Move the books to another database.",
        subcommands: [Copy.self]
    )

    struct Copy: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Copy everything into an empty database of any kind.",
            discussion: """
                Stop the servers of the source first. Broken off, the same command goes on where it ended. The books are \
                proven on both sides at the end, and until then no server takes the new database. Take the master key \
                along: secrets stay sealed under it. Then start servers with the new `database`.

                Arguments are seen by everybody on this machine: of a URL with a password write @FILE, the name of a \
                file that has it.
                """
        )

        @Option(help: ArgumentHelp("The database to read, as the setting `database` names one.", valueName: "database"))
        var from: String

        @Option(help: ArgumentHelp("The database to write, empty or begun before.", valueName: "database"))
        var to: String

        func run() throws {
            guard from != to else { throw ValidationError("--from and --to are the same database") }
            let source = try OpenedBooks(Self.settings(from, "--from"), migrates: false)
            let target = try Self.settings(to, "--to")
            if case .sqlite = target.database {
            } else if try source.isServed {
                throw InputProblem(source: source.path, reason: "a server has this database; stop it first")
            }
            let lock = try source.lockOut()
            defer { lock?.release() }
            let name = target.database.description
            let progress = Progress(verb: "rows copied:")
            let (rows, proofs, isGood) = try OpenedBooks.naming(name) {
                let opened = try OpenedBooks.open(target)
                defer { try? opened.close() }
                var copy = DatabaseCopy(from: source.database, to: opened) { progress.show($0.rows) }
                let rows = try copy.run(now: Clock.now())
                progress.end()
                print("copied \(rows) rows; proving the books on both sides")
                let proofs = [try LedgerVerifier.verify(source.database), try LedgerVerifier.verify(opened)]
                let isGood =
                    proofs.allSatisfy(\.isProven) && proofs[0].calls == proofs[1].calls
                    && proofs[0].charged == proofs[1].charged
                if isGood { try copy.finish() }
                return (rows, proofs, isGood)
            }
            try source.database.close()
            for (report, path) in zip(proofs, [source.path, name]) {
                print("\(path): \(report.verdict(ifProven: "everything agrees"))")
            }
            guard isGood else { throw ExitCode(1) }
            print("\(rows) rows, \(proofs[1].calls) calls, charged \(Money.text(proofs[1].charged)) on both sides")
        }

        private static func settings(_ given: String, _ option: String) throws -> Settings {
            let text = given.hasPrefix("@") ? try SmallFile.readSecret(path: String(given.dropFirst())) : given
            var settings = Settings()
            guard let location = Settings.DatabaseLocation(parsing: text) else {
                throw ValidationError("\(option) must be \(Settings.DatabaseLocation.forms)")
            }
            settings.database = location
            return settings
        }
    }
}
