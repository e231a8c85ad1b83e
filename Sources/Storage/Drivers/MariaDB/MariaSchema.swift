/// What defines our schema, in MariaDB's words.
///
/// The server commits before each of these statements; `IF [NOT] EXISTS` lets a migration that was cut off go on.
enum MariaSchema {
    /// Columns of keys that are made by statements of their own.
    private static let indexed: Set<String> = ["call_id", "previous_digest", "renewal"]
    // All columns of a key have room for 3,072 bytes, four a character.
    private static let keyText = "VARCHAR(700)"
    private static let keyBytes = "VARBINARY(64)"

    static func define(_ cut: inout SQLTokens) {
        if let found = cut.match(["CREATE", "TABLE"], at: 0) {
            table(&cut, after: found[1])
        } else if cut.match(["CREATE", "INDEX"], at: 0) != nil
            || cut.match(["CREATE", "UNIQUE", "INDEX"], at: 0) != nil
        {
            index(&cut)
        } else if let found = cut.match(["DROP", "TABLE"], at: 0) {
            cut.tokens[found[1]].text += " IF EXISTS"
        } else if let add = cut.tokens.indices.first(where: { cut.match(["ADD", "COLUMN"], at: $0) != nil }),
            let column = cut.next(after: add).flatMap({ cut.next(after: $0) })
        {
            define(&cut, column..<cut.tokens.count, keys: [])
            cut.tokens[column].text = "IF NOT EXISTS \(cut.tokens[column].text)"
        }
    }

    private static func table(_ cut: inout SQLTokens, after table: Int) {
        guard let open = cut.tokens[table...].firstIndex(where: { $0.isSymbol("(") }),
            let parts = cut.arguments(from: open)
        else { return }
        let columns = parts.ranges.filter { !isConstraint(cut, $0) }
        let keys = keys(cut, columns: columns, constraints: parts.ranges.filter { isConstraint(cut, $0) })
        for range in columns { define(&cut, range, keys: keys) }
        for index in parts.close + 1..<max(parts.close + 1, cut.tokens.count) { cut.tokens[index].text = "" }
        cut.tokens[parts.close].text = ") ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = \(MariaSQL.collation)"
        if cut.match(["CREATE", "TABLE", "IF"], at: 0) == nil { cut.tokens[table].text += " IF NOT EXISTS" }
    }

    private static func words(_ cut: SQLTokens, _ range: Range<Int>) -> [Int] {
        range.filter { cut.tokens[$0].kind == .word }
    }

    private static func isConstraint(_ cut: SQLTokens, _ range: Range<Int>) -> Bool {
        words(cut, range).first.map { ["UNIQUE", "CHECK", "PRIMARY"].contains(cut.tokens[$0].text.uppercased()) }
            ?? false
    }

    /// The columns that stand in a key.
    private static func keys(_ cut: SQLTokens, columns: [Range<Int>], constraints: [Range<Int>]) -> Set<String> {
        var keys = indexed
        for range in columns {
            let words = words(cut, range).map { cut.tokens[$0] }
            if let name = words.first, words.contains(where: { $0.isWord("UNIQUE") || $0.isWord("PRIMARY") }) {
                keys.insert(name.text)
            }
        }
        for range in constraints {
            let words = words(cut, range).map { cut.tokens[$0] }
            if words.first?.isWord("CHECK") == false { keys.formUnion(words.map(\.text)) }
        }
        return keys
    }

    private static func define(_ cut: inout SQLTokens, _ range: Range<Int>, keys: Set<String>) {
        let words = words(cut, range)
        guard words.count > 1 else { return }
        let name = cut.tokens[words[0]].text
        let isKey = keys.contains(name) || indexed.contains(name)
        let type = words[1]
        if cut.tokens[type].isWord("TEXT") {
            cut.tokens[type].text = isKey ? keyText : "LONGTEXT"
        } else if cut.tokens[type].isWord("BLOB") {
            cut.tokens[type].text = isKey ? keyBytes : "LONGBLOB"
        } else if cut.tokens[type].isWord("INTEGER") {
            // A key that only has one value is not counted up.
            let isChecked = words.contains { cut.tokens[$0].isWord("CHECK") }
            let isCounted = name == "id" && !isChecked && cut.match(["INTEGER", "PRIMARY"], at: type) != nil
            cut.tokens[type].text = isCounted ? "BIGINT AUTO_INCREMENT" : "BIGINT"
        }
        for index in range where cut.tokens[index].isWord("AUTOINCREMENT") { cut.tokens[index].text = "" }
    }

    /// There are no indexes of some rows, nor of what is computed: the columns of a condition go first, so that its rows stand
    /// together, and columns stand for what is computed of them.
    private static func index(_ cut: inout SQLTokens) {
        guard let index = cut.tokens.firstIndex(where: { $0.isWord("INDEX") }),
            let open = cut.tokens.firstIndex(where: { $0.isSymbol("(") }),
            let close = cut.arguments(from: open)?.close
        else { return }
        let indexed = columns(cut, open..<close)
        let condition = columns(cut, close..<cut.tokens.count).filter { !indexed.contains($0) }
        if !condition.isEmpty, cut.match(["CREATE", "UNIQUE"], at: 0) != nil {
            unique(&cut, of: indexed, from: index, close: close)
            return
        }
        cut.tokens[index].text += " IF NOT EXISTS"
        for place in open + 1..<cut.tokens.count { cut.tokens[place].text = "" }
        cut.tokens[open].text = "(\((condition + indexed).joined(separator: ", ")))"
    }

    /// One of a kind among the rows of a condition: by a column that is null in all others, for nulls are never alike.
    private static func unique(_ cut: inout SQLTokens, of columns: [String], from index: Int, close: Int) {
        let names = words(cut, index + 1..<close).map { cut.tokens[$0].text }
        guard columns.count == 1, names.count > 2, let start = cut.next(after: close) else { return }
        let (name, table) = (names[0], names[2])
        let condition = cut.tokens[(start + 1)...].map(\.text).joined()
        for place in cut.tokens.indices { cut.tokens[place].text = "" }
        cut.tokens[0].text =
            "ALTER TABLE \(table) ADD COLUMN IF NOT EXISTS \(name) BIGINT AS (CASE WHEN\(condition) THEN \(columns[0]) END) VIRTUAL INVISIBLE, ADD UNIQUE INDEX IF NOT EXISTS \(name) (\(name))"
    }

    /// Columns are written small, all else large.
    private static func columns(_ cut: SQLTokens, _ range: Range<Int>) -> [String] {
        var columns: [String] = []
        for word in words(cut, range).map({ cut.tokens[$0].text })
        where word.first?.isLowercase == true && !columns.contains(word) {
            columns.append(word)
        }
        return columns
    }
}
