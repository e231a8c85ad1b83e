/// A statement of ours in MariaDB's words, see ``SQLDialect``.
struct MariaSQL: Equatable {
    /// Texts are equal if their bytes are, with the spaces at their ends.
    static let collation = "utf8mb4_nopad_bin"

    private(set) var text = ""
    private(set) var parameters = 0
    private(set) var isWriting = false
    /// `ON CONFLICT … DO NOTHING`: a plain insert, of which a duplicate is no failure. `INSERT IGNORE` would let pass all else
    /// that is wrong, and an update of nothing counts as a row.
    private(set) var skipsDuplicates = false
    private(set) var isUpsert = false
    /// The table of a statement that can take many rows at once.
    private(set) var batchTable: String?

    private static let reserved: Set<String> = ["KEY", "USAGE"]

    init(_ sql: String) {
        var cut = SQLTokens(sql)
        switch cut.verb {
        case "CREATE", "ALTER", "DROP": MariaSchema.define(&cut)
        case "INSERT", "UPDATE", "DELETE":
            isWriting = true
            resolveConflict(&cut)
        default: break
        }
        Self.compare(&cut)
        Self.call(&cut)
        Self.divide(&cut)
        Self.nest(&cut)
        Self.lock(&cut)
        Self.quote(&cut)
        text = cut.text
        parameters = cut.tokens.count { $0.kind == .mark }
        if isWriting, !skipsDuplicates { batchTable = cut.batchTable }
    }

    /// `ON CONFLICT (…) DO UPDATE SET a = excluded.a` → `ON DUPLICATE KEY UPDATE a = VALUES(a)`.
    private mutating func resolveConflict(_ cut: inout SQLTokens) {
        guard
            let start = cut.tokens.indices.first(where: { cut.match(["ON", "CONFLICT", "("], at: $0) != nil }),
            let found = cut.match(["ON", "CONFLICT", "("], at: start),
            let close = cut.arguments(from: found[2])?.close,
            let does = cut.next(after: close)
        else { return }
        if let end = cut.match(["DO", "NOTHING"], at: does) {
            skipsDuplicates = true
            for index in start...end[1] { cut.tokens[index].text = "" }
        } else if let end = cut.match(["DO", "UPDATE", "SET"], at: does) {
            isUpsert = true
            for index in start...end[2] { cut.tokens[index].text = "" }
            cut.tokens[start].text = "ON DUPLICATE KEY UPDATE"
            for index in end[2]..<cut.tokens.count where cut.tokens[index].kind == .word {
                let parts = cut.tokens[index].text.split(separator: ".")
                if parts.count == 2, parts[0] == "excluded" {
                    cut.tokens[index].text = "VALUES(\(Self.quoted(parts[1])))"
                }
            }
        }
    }

    private static func quoted(_ name: Substring) -> String {
        reserved.contains(name.uppercased()) ? "`\(name)`" : String(name)
    }

    private static func compare(_ cut: inout SQLTokens) {
        for index in cut.tokens.indices {
            let before = cut.tokens[..<index].lastIndex { $0.kind != .space }
            if let found = cut.match(["IS", "NOT", "?"], at: index), let before {
                cut.tokens[before].text = "NOT \(cut.tokens[before].text)"
                cut.tokens[found[0]].text = "<=>"
                for place in found[0] + 1..<found[2] { cut.tokens[place].text = "" }
                cut.tokens[found[1]].text = " "
            } else if cut.match(["IS", "?"], at: index) != nil {
                cut.tokens[index].text = "<=>"
            } else if let found = cut.match(["LIKE", "?"], at: index), let before {
                cut.tokens[before].text = "LOWER(\(cut.tokens[before].text))"
                cut.tokens[found[1]].text = "LOWER(?)"
            }
        }
    }

    private static func call(_ cut: inout SQLTokens) {
        for index in cut.tokens.indices {
            guard let call = cut.call(at: index) else { continue }
            let open = call.open
            switch cut.tokens[index].text.uppercased() {
            case "MAX" where call.ranges.count > 1: cut.tokens[index].text = "GREATEST"
            case "MIN" where call.ranges.count > 1: cut.tokens[index].text = "LEAST"
            case "STRFTIME":
                cut.tokens[index].text = "UNIX_TIMESTAMP"
                for place in open + 1..<call.close { cut.tokens[place].text = "" }
            case "CAST":
                guard let type = cut.tokens[..<call.close].lastIndex(where: { $0.kind == .word }),
                    let `as` = cut.tokens[..<type].lastIndex(where: { $0.isWord("AS") })
                else { continue }
                if cut.tokens[type].isWord("TEXT") {
                    cut.tokens[index].text = "CONVERT"
                    cut.tokens[`as`].text = "USING"
                    cut.tokens[type].text = "utf8mb4"
                } else if cut.tokens[type].isWord("INTEGER") {
                    cut.tokens[type].text = "SIGNED"
                }
            default: break
            }
        }
    }

    /// Of whole numbers a whole number.
    private static func divide(_ cut: inout SQLTokens) {
        for index in cut.tokens.indices where cut.tokens[index].isSymbol("/") { cut.tokens[index].text = "DIV" }
    }

    /// `IN (SELECT … LIMIT …)`: the server takes no limit there, but in a table of its own.
    private static func nest(_ cut: inout SQLTokens) {
        for index in cut.tokens.indices {
            guard let found = cut.match(["IN", "(", "SELECT"], at: index),
                let close = cut.arguments(from: found[1])?.close,
                cut.tokens[found[1]..<close].contains(where: { $0.isWord("LIMIT") })
            else { continue }
            cut.tokens[found[1]].text = "(SELECT * FROM ("
            cut.tokens[close].text = ") AS chosen)"
        }
    }

    /// Rows that are named by their keys are locked in the order of the keys, whatever the statement's order: by that index.
    private static func lock(_ cut: inout SQLTokens) {
        guard cut.tokens.indices.contains(where: { cut.match(["FOR", "UPDATE"], at: $0) != nil }) else { return }
        for index in cut.tokens.indices where cut.tokens[index].isWord("WHERE") {
            guard let column = cut.next(after: index), ["id", "key_id"].contains(cut.tokens[column].text),
                let after = cut.next(after: column), cut.match(["IN", "("], at: after) != nil
            else { continue }
            cut.tokens[index].text = "FORCE INDEX (PRIMARY) WHERE"
        }
    }

    private static func quote(_ cut: inout SQLTokens) {
        var before: SQLTokens.Token?
        for index in cut.tokens.indices where cut.tokens[index].kind != .space && !cut.tokens[index].text.isEmpty {
            let token = cut.tokens[index]
            let isKeyword = before.map { ["PRIMARY", "FOREIGN", "DUPLICATE"].contains($0.text.uppercased()) } ?? false
            if token.kind == .word, reserved.contains(token.text.uppercased()), !isKeyword {
                cut.tokens[index].text = "`\(token.text)`"
            }
            before = token
        }
    }
}
