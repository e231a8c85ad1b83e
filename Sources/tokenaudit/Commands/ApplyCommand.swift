import ArgumentParser
import Foundation
import Gateway
import Storage

#if canImport(Glibc)
    import Glibc
#endif

struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Bring providers, models, groups, users and quotas to what a YAML file says.",
        discussion: """
            Names are the identity. Applying twice changes nothing; what the file does not name stays. It works beside \
            a running server, which sees changes within two seconds. Keys that are generated are shown once, here.

            Values of secrets may be a string, {env: NAME}, {file: PATH} or null.
            """
    )

    @OptionGroup var options: SettingsOptions

    @Flag(help: "Print the result as JSON: {\"keys\":[{\"email\",\"api_key\"}],\"changes\":[…],\"changed\":N}.")
    var json = false

    @Argument(help: ArgumentHelp("What there should be.", valueName: "file.yaml"))
    var file: String

    func run() async throws {
        let loaded = try options.load()
        let logger = loaded.logger()
        let state = try ApplyFile(environment: SettingsOptions.environment()).read(path: file)
        let books = try OpenedBooks(loaded.settings, migrates: true)
        let vault = try OpenedBooks.vault(loaded.settings, database: books.database, logger: logger)
        let pepper = try SecretStore(database: books.database).pepper(vault, now: Clock.now())
        let applier = Applier(
            database: books.database,
            vault: vault,
            digester: PepperedDigester(pepper),
            allowsPrivate: loaded.settings.gateway.allowsPrivateUpstreams,
            now: Clock.now
        )
        let progress = Progress(verb: "applied")
        let report: ApplyReport
        do {
            report = try applier.apply(state) { done, total in progress.show(done, of: total) }
        } catch let problem as ApplyProblem {
            throw InputProblem(source: file, line: problem.line.number, reason: problem.reason)
        }
        progress.end()
        if json {
            try print(String(decoding: ApplyJSON(report).text(), as: UTF8.self))
        } else {
            for change in report.changes {
                let fields = change.fields.isEmpty ? "" : ": " + change.fields.joined(separator: ", ")
                print("\(change.action.rawValue) \(change.kind.rawValue) \(change.name)\(fields)")
            }
            print("changed: \(report.changes.count)")
            for issued in report.keys { print("\(issued.email): \(issued.key.secret)  (shown once)") }
        }
        try books.database.close()
    }
}

/// The result for programs.
struct ApplyJSON: Encodable {
    struct Key: Encodable {
        let email: String
        let api_key: String
    }

    struct Change: Encodable {
        let kind: String
        let name: String
        let action: String
        let fields: [String]
    }

    let keys: [Key]
    let changes: [Change]
    let changed: Int

    init(_ report: ApplyReport) {
        keys = report.keys.map { Key(email: $0.email, api_key: $0.key.secret) }
        changes = report.changes.map {
            Change(kind: $0.kind.rawValue, name: $0.name, action: $0.action.rawValue, fields: $0.fields)
        }
        changed = changes.count
    }

    func text() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        return try encoder.encode(self)
    }
}
