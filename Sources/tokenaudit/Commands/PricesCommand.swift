import Admin
import ArgumentParser
import Domain
import Foundation
import Storage

struct PricesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prices",
        abstract: "Take prices from a price table.",
        subcommands: [Import.self]
    )

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "import",
            abstract: "Compare LiteLLM's price table with the models here, and take its prices with --apply.",
            discussion: """
                FILE is LiteLLM's model_prices_and_context_window.json. Models are found by what their provider calls them, \
                else by their own name. Only models that exist here change, and only where the price differs; running calls \
                keep theirs. Prices are read exactly as they are written. Refused, with their reason, unless the flag says \
                otherwise: more than twelve decimals, more than $0.001 a token, several prices for one kind of token, \
                prices of nothing; and always: negative ones, and prices per image, second, character or query. Exit \
                status 1 if a price that was to be applied is refused. Works beside a running server.
                """
        )

        @OptionGroup var options: SettingsOptions

        @Option(
            help: ArgumentHelp(
                "Only this model, read from ENTRY where it is given; may be repeated.",
                valueName: "name[=entry]"
            )
        )
        var model: [String] = []

        @Flag(help: "Change prices. Without it nothing changes.")
        var apply = false

        @Flag(help: "Round what has more than twelve decimals.")
        var round = false

        @Flag(help: "Take prices above $0.001 a token.")
        var acceptImplausible = false

        @Flag(help: "Of several prices for one kind of token, as for longer prompts, take the dearest.")
        var acceptDearest = false

        @Flag(help: "Take prices of nothing.")
        var acceptFree = false

        @Flag(help: "Print the result as JSON.")
        var json = false

        @Argument(help: ArgumentHelp("The price table.", valueName: "file.json"))
        var file: String

        func run() async throws {
            let loaded = try options.load()
            let bytes = try SmallFile.read(path: file, limitBytes: PriceTable.largestBytes)
            let table: [PriceTableEntry]
            do throws(PriceTable.Problem) {
                table = try PriceTable.read(bytes)
            } catch {
                throw InputProblem(source: file, reason: error.reason)
            }
            let books = try OpenedBooks(loaded.settings, migrates: apply)
            let prices = PriceStore(
                desk: ControlDesk(writer: books.database, reader: books.database, clock: Clock.now)
            )
            let found: PriceImport
            var applied = 0
            do {
                found = PriceImport(
                    of: table,
                    into: try await prices.pricedModels(),
                    chosen: chosen,
                    accepting: accepted
                )
                if apply { applied = try await prices.price(found.changes, by: .command("prices import")) }
            } catch {
                throw InputProblem(source: books.path, reason: "\(error)")
            }
            try books.database.close()
            if json {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
                let answer = PriceImportAnswer(found: found, applied: applied)
                print(String(decoding: try encoder.encode(answer), as: UTF8.self))
            } else {
                print(PriceImportText.lines(found, applied: apply ? applied : nil).joined(separator: "\n"))
            }
            if apply, found.rows.contains(where: { $0.verdict == .refused }) { throw ExitCode(1) }
        }

        private var chosen: [String: String?] {
            Dictionary(
                model.map { word in
                    guard let equals = word.firstIndex(of: "=") else { return (word, nil) }
                    return (String(word[..<equals]), String(word[word.index(after: equals)...]))
                },
                uniquingKeysWith: { _, last in last }
            )
        }

        private var accepted: Set<PriceAcceptance> {
            let flags: [(Bool, PriceAcceptance)] = [
                (round, .rounding), (acceptImplausible, .implausible), (acceptDearest, .dearest), (acceptFree, .free),
            ]
            return Set(flags.filter(\.0).map(\.1))
        }
    }
}

/// What an import found, for people.
enum PriceImportText {
    /// - Parameter applied: how many prices were changed; nil: none was to be.
    static func lines(_ found: PriceImport, applied: Int?) -> [String] {
        var lines: [String] = []
        for row in found.rows {
            let entry = row.entry == row.model.name || row.entry.isEmpty ? "" : " (as \(row.entry))"
            var line = "\(row.verdict.rawValue) \(row.model.name)\(entry)"
            if row.verdict != .missing, row.verdict != .unchanged, let rates = row.rates {
                line += ": \(differences(from: row.model.rates, to: rates))"
            }
            lines.append(line)
            for finding in row.findings {
                lines.append("  \(finding.kind.code)\(finding.member.isEmpty ? "" : " \(finding.member)")")
            }
        }
        let counts = found.census.findings.map { "\($0.key.code) \($0.value)" }.sorted()
        lines.append(
            "table: \(found.census.entries) entries, clean \(found.census.clean)"
                + counts.map { ", " + $0 }.joined()
        )
        lines.append(applied.map { "changed: \($0)" } ?? "nothing was changed; --apply does")
        return lines
    }

    private static func differences(from old: Rates?, to new: Rates) -> String {
        var parts: [String] = []
        for tokenClass in TokenClass.allCases where old?[tokenClass] != new[tokenClass] {
            let texts = [old?[tokenClass], new[tokenClass]].map { $0.map(PriceName.text(perThousand:)) ?? "none" }
            parts.append("\(tokenClass.name) \(texts[0]) → \(texts[1])")
        }
        if let old, old.feePerCall != new.feePerCall { parts.append("per call \(old.feePerCall) → \(new.feePerCall)") }
        return parts.joined(separator: ", ")
    }
}
