import Domain

/// A range of a ``PartitionedTable``.
struct PartitionRange: Hashable, Sendable {
    let table: String
    /// The first id beyond it.
    let end: CallID
}

/// What PostgreSQL's catalogue says of ranges, and the statements that make and end them.
enum PartitionRows {
    /// Oldest first. The default partition is none of them.
    static func ranges(of table: PartitionedTable, _ connection: any SQLConnection) throws -> [PartitionRange] {
        try connection.execute("SET LOCAL bytea_output = 'hex'")
        return try connection.query(
            "SELECT CAST(c.relname AS VARCHAR), pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = to_regclass(?)",
            .text(table.name)
        ) { row in end(inBound: row.text(1)).map { PartitionRange(table: row.text(0), end: $0) } }
        .compactMap(\.self)
        .sorted { $0.end < $1.end }
    }

    /// Of `FOR VALUES FROM (MINVALUE) TO ('\x019b…')`. - Returns: nil for `DEFAULT`.
    static func end(inBound text: String) -> CallID? {
        guard let start = text.firstRange(of: "TO ('\\x")?.upperBound else { return nil }
        let digits = text[start...].prefix { $0.isHexDigit }
        var bytes: [UInt8] = []
        var rest = digits[...]
        while rest.count >= 2 {
            guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return bytes.withUnsafeBytes { CallID(bytes: $0) }
    }

    static func literal(_ id: CallID) -> String {
        "'\\x" + id.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "'"
    }

    /// - Parameter start: nil: from the first id there can be.
    static func attach(
        _ range: PartitionRange,
        from start: CallID?,
        to table: PartitionedTable,
        _ connection: any SQLConnection
    ) throws {
        try connection.execute(
            "ALTER TABLE \(table.name) ATTACH PARTITION \(range.table) FOR VALUES FROM (\(start.map(literal) ?? "MINVALUE")) TO (\(literal(range.end)))"
        )
    }

    static func make(_ name: String, like table: PartitionedTable, _ connection: any SQLConnection) throws {
        try connection.execute("CREATE TABLE \(name) (LIKE \(table.name) INCLUDING ALL)")
    }

    static func isThere(_ condition: String, in table: String, _ connection: any SQLConnection) throws -> Bool {
        try !connection.query("SELECT 1 FROM \(table) WHERE \(condition) LIMIT 1") { $0.int64(0) }.isEmpty
    }

    /// A condition on the key. - Parameter start: nil: from the first id there can be.
    static func bounds(_ table: PartitionedTable, _ start: CallID?, _ end: CallID) -> String {
        "\(table.key) >= \(start.map(literal) ?? "'\\x'") AND \(table.key) < \(literal(end))"
    }
}
