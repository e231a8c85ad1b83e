import ArgumentParser
import Domain
import Foundation
import Storage

struct LedgerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger",
        abstract: "Prove the books, and decide about records that could not be booked.",
        subcommands: [Verify.self, QuarantineCommand.self]
    )

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prove that calls, entries, balances, roll-ups and leaves agree, as of one instant.",
            discussion: """
                Works beside a running server. Exit status 0 if everything agrees, 1 with each difference named \
                otherwise. Calls that are open now are listed and are no errors.
                """
        )

        @OptionGroup var options: SettingsOptions

        @Flag(help: "Print the result as JSON.")
        var json = false

        func run() throws {
            let loaded = try options.load()
            let books = try OpenedBooks(loaded.settings, migrates: false)
            let progress = Progress(verb: "calls read:")
            let report = try OpenedBooks.naming(books.path) {
                try LedgerVerifier.verify(books.database) { progress.show($0) }
            }
            progress.end()
            try books.database.close()
            try print(json ? VerifyJSON(report).text() : Self.text(report))
            if !report.isProven { throw ExitCode(1) }
        }

        static func text(_ report: VerifyReport) -> String {
            var lines = [
                "calls \(report.calls), grants \(report.grants), key limits \(report.keyLimits), charged \(Money.text(report.charged))"
            ]
            func list(_ ids: [CallID], _ count: Int, _ what: String) {
                guard count > 0 else { return }
                lines.append("\(what): \(count)")
                lines += ids.prefix(20).map { "  \($0)" }
                if count > 20 { lines.append("  and \(count - 20) more; --json lists 10,000") }
            }
            list(report.open, report.openCount, "open")
            list(report.uncertain, report.uncertainCount, "closed by policy")
            list(report.quarantined, report.quarantined.count, "in quarantine")
            lines += report.differenceLines
            lines.append(report.verdict(ifProven: "everything agrees"))
            return lines.joined(separator: "\n")
        }
    }
}

/// The proof for programs.
struct VerifyJSON: Encodable {
    let proven: Bool
    let calls: Int
    let grants: Int
    let keyLimits: Int
    let charged: String
    let open: [String]
    let uncertain: [String]
    let quarantined: [String]
    let differences: [DifferenceJSON]

    enum CodingKeys: String, CodingKey {
        case proven, calls, grants, charged, open, uncertain, quarantined, differences
        case keyLimits = "key_limits"
    }

    init(_ report: VerifyReport) {
        proven = report.isProven
        calls = report.calls
        grants = report.grants
        keyLimits = report.keyLimits
        charged = Money.text(report.charged)
        open = report.open.map(\.description)
        uncertain = report.uncertain.map(\.description)
        quarantined = report.quarantined.map(\.description)
        differences = report.differencesJSON
    }

    func text() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
