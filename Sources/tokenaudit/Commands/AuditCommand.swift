import ArgumentParser
import AuditLog
import Domain
import Foundation
import Storage

struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Prove that nobody has changed the books since they were signed.",
        subcommands: [
            AuditVerifyCommand.self, Prove.self, Export.self, Key.self, AcknowledgeRestore.self,
        ]
    )

    struct Prove: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a bill with the proof that it is in the signed log, as JSON.",
            discussion: """
                The proof needs nothing else: `tokenaudit audit verify --proof FILE --key KEY` checks it anywhere. A bill \
                has its place a few seconds after its call ended.
                """
        )

        @OptionGroup var options: SettingsOptions

        @Argument(help: ArgumentHelp("The call's id, x-request-id of its answer.", valueName: "request-id"))
        var call: String

        func run() throws {
            guard let id = CallID(parsing: call) else { throw ValidationError("'\(call)' is no call id") }
            let books = try OpenedBooks(options.load().settings, migrates: false)
            let proof = try OpenedBooks.naming(books.path) {
                do {
                    return try AuditProof(of: id, in: books.database)
                } catch let problem as AuditProof.Problem {
                    throw InputProblem(source: call, reason: Self.explain(problem))
                } catch let error as TreeError {
                    throw InputProblem(source: call, reason: "\(error); `tokenaudit audit verify` says what is wrong")
                }
            }
            try books.database.close()
            try print(PrettyJSON.of(proof))
        }

        private static func explain(_ problem: AuditProof.Problem) -> String {
            switch problem {
            case .unknownCall: "there is no such call"
            case .open: "the call has no bill yet"
            case .unsequenced: "the bill has no place in the log yet; a running server gives it one within seconds"
            case .isAnotherBill: "the bill is not the one that was signed; `tokenaudit audit verify` says more"
            }
        }
    }

    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write the log and all that it testifies to a file that can be verified anywhere.",
            discussion: """
                The file is an SQLite database with bills, corrections, leaves, tiles and checkpoints, without any \
                address, name or key. `tokenaudit audit verify --export FILE` checks it. It is written whole or not at \
                all, beside a running server too.
                """
        )

        @OptionGroup var options: SettingsOptions

        @Argument(help: ArgumentHelp("Where to write it; a file that is there is replaced.", valueName: "file"))
        var file: String

        func run() throws {
            let books = try OpenedBooks(options.load().settings, migrates: true)
            try OpenedBooks.naming(books.path) {
                try AuditExport.write(
                    books.database,
                    to: file,
                    isServed: books.isServed,
                    clock: Clock.now
                )
            }
            try books.database.close()
            print("wrote \(file)")
        }
    }

    struct Key: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the key that checkpoints are checked with.",
            discussion: "Hand it to auditors once, by a way that they trust; `audit verify --key` takes it."
        )

        @OptionGroup var options: SettingsOptions

        func run() throws {
            let loaded = try options.load()
            let books = try OpenedBooks(loaded.settings, migrates: true)
            let key = try OpenedBooks.naming(books.path) { try AuditKeys.newest(of: books.database) }
            try books.database.close()
            guard let key else {
                throw InputProblem(source: books.path, reason: "nothing is signed yet; `tokenaudit serve` begins")
            }
            print(key)
        }
    }

    struct AcknowledgeRestore: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "acknowledge-restore",
            abstract: "Begin a new log after an older copy of the database was put back.",
            discussion: """
                The server signs nothing while the database is behind the checkpoints outside of it, since their bills \
                are gone. This says that it is meant: a new log begins with a leaf that names the gap, and the old one \
                stays as far as it goes. Works beside a running server, which then signs again.
                """
        )

        @OptionGroup var options: SettingsOptions

        @Option(help: "What happened, for whoever reads the log later; no personal data.")
        var reason: String

        func validate() throws {
            let isText = reason.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
            guard isText, (1...500).contains(reason.count) else {
                throw ValidationError("--reason must be one line of at most 500 characters")
            }
        }

        func run() throws {
            let loaded = try options.load()
            let books = try OpenedBooks(loaded.settings, migrates: true)
            let vault = try OpenedBooks.vault(loaded.settings, database: books.database, logger: loaded.logger())
            let key = try SecretStore(database: books.database).signerKey(vault, now: Clock.now())
            let file = CheckpointFile(database: try books.filesPath)
            let act = RestoreAct(database: books.database, key: key, file: file)
            let origin = try OpenedBooks.naming(books.path) {
                try act.acknowledge(reason: reason, clock: Clock.now)
            }
            try books.database.close()
            guard let origin else {
                throw InputProblem(source: books.path, reason: "nothing was ever signed; there is no gap")
            }
            print("began the log \(origin)")
        }
    }
}
