/// A statement of ours in PostgreSQL's words, see ``SQLDialect``.
struct PostgresSQL {
    let text: String
    let parameters: Int
    /// The table of a statement that can take many rows at once.
    let batchTable: String?
    /// What stands before and after the rows where there are many of them, whose values are `v.p1`, `v.p2`, …
    private let aroundRows: (before: String, after: String)?

    init(_ sql: String) {
        var cut = SQLTokens(sql)
        switch cut.verb {
        case "CREATE", "ALTER": Self.define(&cut)
        default: break
        }
        Self.compare(&cut)
        var ofRows = cut
        parameters = Self.number(&cut, "$")
        Self.call(&cut)
        text = cut.text
        _ = Self.number(&ofRows, "v.p")
        Self.call(&ofRows)
        aroundRows = cut.batchTable == nil ? nil : Self.around(ofRows)
        batchTable = aroundRows == nil ? nil : cut.batchTable
    }

    /// The statement for any number of rows, a parameter being an array of a column's values.
    /// - Parameter types: the name of each column's type. - Returns: nil if it takes only one.
    func text(forRowsOf types: [String]) -> String? {
        guard let aroundRows, types.count == parameters else { return nil }
        let columns = types.enumerated().map { "unnest($\($0 + 1)::\($1)[]) AS p\($0 + 1)" }
        return "\(aroundRows.before) FROM (SELECT \(columns.joined(separator: ", "))) AS v \(aroundRows.after)"
    }

    /// `INSERT … VALUES (…) …` → `INSERT … SELECT …` and what follows; `UPDATE … WHERE …` → what stands before its
    /// condition, and that. - Returns: nil for statements of another form.
    private static func around(_ cut: SQLTokens) -> (before: String, after: String)? {
        func text(_ range: Range<Int>) -> String { cut.tokens[range].map(\.text).joined() }
        switch cut.verb {
        case "INSERT":
            guard let values = cut.tokens.firstIndex(where: { $0.isWord("VALUES") }),
                let open = cut.next(after: values), cut.tokens[open].isSymbol("("),
                let close = cut.arguments(from: open)?.close,
                !cut.tokens[close...].contains(where: { $0.kind == .mark })
            else { return nil }
            return (text(0..<values) + "SELECT " + text(open + 1..<close), text(close + 1..<cut.tokens.count))
        case "UPDATE":
            guard let condition = cut.tokens.firstIndex(where: { $0.isWord("WHERE") }) else { return nil }
            return (text(0..<condition), text(condition..<cut.tokens.count))
        default: return nil
        }
    }

    /// `?` → `$1`, `$2`, … - Returns: how many there are.
    private static func number(_ cut: inout SQLTokens, _ prefix: String) -> Int {
        var count = 0
        for index in cut.tokens.indices where cut.tokens[index].kind == .mark {
            count += 1
            cut.tokens[index].text = "\(prefix)\(count)"
        }
        return count
    }

    private static func compare(_ cut: inout SQLTokens) {
        for index in cut.tokens.indices {
            if let found = cut.match(["IS", "NOT", "?"], at: index) {
                cut.tokens[found[0]].text = "IS DISTINCT"
                cut.tokens[found[1]].text = "FROM"
            } else if cut.match(["IS", "?"], at: index) != nil {
                cut.tokens[index].text = "IS NOT DISTINCT FROM"
            } else if cut.match(["CROSS", "JOIN"], at: index) != nil {
                // An order of joining that SQLite is told; the planner here finds its own.
                cut.tokens[index].text = ""
            } else if cut.verb != "CREATE", cut.tokens[index].isWord("LIKE") {
                cut.tokens[index].text = "ILIKE"
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
            case "INSTR": cut.tokens[index].text = "strpos"
            case "SUBSTR":
                // Places in a text have 32 bits.
                for mark in call.ranges.joined() where cut.tokens[mark].kind == .mark {
                    cut.tokens[mark].text = "CAST(\(cut.tokens[mark].text) AS INT)"
                }
            case "STRFTIME":
                cut.tokens[index].text = "extract"
                for place in open + 1..<call.close { cut.tokens[place].text = "" }
                cut.tokens[open].text = "(epoch FROM clock_timestamp()"
            case "CAST": cast(&cut, at: index, to: call.close)
            default: break
            }
        }
    }

    private static func cast(_ cut: inout SQLTokens, at index: Int, to close: Int) {
        guard let type = cut.tokens[..<close].lastIndex(where: { $0.kind == .word }),
            let `as` = cut.tokens[..<type].lastIndex(where: { $0.isWord("AS") })
        else { return }
        if cut.tokens[type].isWord("INTEGER") { cut.tokens[type].text = "BIGINT" }
        guard cut.tokens[type].isWord("TEXT") else { return }
        cut.tokens[index].text = "convert_from"
        cut.tokens[`as`].text = ","
        cut.tokens[type].text = "'UTF8'"
    }

    /// Texts sort by their bytes, as everywhere. Types are written large, which tells them from columns of their name.
    private static func define(_ cut: inout SQLTokens) {
        for index in cut.tokens.indices {
            if let found = cut.match(["INTEGER", "PRIMARY", "KEY", "AUTOINCREMENT"], at: index) {
                cut.tokens[found[0]].text = "BIGINT GENERATED BY DEFAULT AS IDENTITY"
                cut.tokens[found[3]].text = ""
            } else if cut.match(["INTEGER", "PRIMARY", "KEY"], at: index) != nil {
                cut.tokens[index].text = "BIGINT GENERATED BY DEFAULT AS IDENTITY"
            } else if cut.tokens[index].text == "INTEGER" {
                cut.tokens[index].text = "BIGINT"
            } else if cut.tokens[index].text == "TEXT" {
                cut.tokens[index].text = "TEXT COLLATE \"C\""
            } else if cut.tokens[index].text == "BLOB" {
                cut.tokens[index].text = "BYTEA"
            } else if let found = cut.match(["STRICT", ",", "WITHOUT", "ROWID"], at: index) {
                for place in found { cut.tokens[place].text = "" }
            } else if cut.tokens[index].isWord("STRICT") {
                cut.tokens[index].text = ""
            }
        }
    }
}
