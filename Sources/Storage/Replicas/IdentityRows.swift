/// The name a database has of itself, and the counters of its keys.
enum IdentityRows {
    static func name(_ connection: any SQLConnection) throws -> String? {
        try connection.query("SELECT name FROM database_identity WHERE id = 1") { $0.text(0) }.first
    }

    static func set(_ name: String, _ connection: any SQLConnection) throws {
        try connection.execute("INSERT INTO database_identity (id, name) VALUES (1, ?)", .text(name))
    }

    /// Where keys were given with their rows, an engine that counts them apart has to hear of it.
    static func advance(_ connection: any SQLConnection) throws {
        guard connection.dialect == .postgres else { return }
        let tables = try connection.query(
            "SELECT CAST(table_name AS VARCHAR), CAST(column_name AS VARCHAR) FROM information_schema.columns WHERE table_schema = current_schema() AND is_identity = 'YES'"
        ) { (table: $0.text(0), column: $0.text(1)) }
        for (table, column) in tables {
            _ = try connection.query(
                "SELECT setval(pg_get_serial_sequence('\(table)', '\(column)'), MAX(\(column))) FROM \(table) HAVING MAX(\(column)) IS NOT NULL"
            ) { $0.int64(0) }
        }
    }
}
