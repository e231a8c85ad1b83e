import Domain

@testable import Storage

/// Books of an embedded database, row for row on a server. What a test does to them is undone.
final class CopiedBooks: Sendable {
    private let stage: TestDatabase

    /// - Parameter path: of the embedded database.
    init(of path: String, on engine: Engine) throws {
        stage = try TestDatabase(on: engine, isMigrated: false)
        try Migrations.run(on: stage.database, additiveOnly: true, now: Instant(microseconds: 1))
        let source = try SQLiteDatabase(path: path)
        let tables = try TableShape.all()
        try stage.database.write { connection in
            for table in tables.reversed() { try connection.execute("DELETE FROM \(table.name)") }
            for table in tables {
                let names = table.columns.map(\.name).joined(separator: ", ")
                let rows = try source.read { try $0.query("SELECT \(names) FROM \(table.name)") { table.values($0) } }
                let insert = try connection.prepare(
                    "INSERT INTO \(table.name) (\(names)) VALUES (\(SizedSQL.list("?", table.columns.count)))"
                )
                for row in rows {
                    for (index, value) in row.enumerated() { insert.bind(value, at: index + 1) }
                    try insert.enqueue(changing: 1)
                }
                try connection.flush()
            }
        }
        try source.close()
    }

    /// What a proof says of the books after some statements. - Returns: nil where a constraint refuses those.
    func report<Report>(after statements: [String], _ prove: (any Database) throws -> Report) throws -> Report? {
        try stage.database.withLedger(.upkeep) { connection in
            try connection.begin()
            defer { connection.rollBack() }
            do {
                for statement in statements { try connection.execute(statement) }
            } catch StorageError.constraint { return nil }
            return try prove(Unfinished(connection: connection))
        }
    }

    /// The database as one transaction sees it.
    private struct Unfinished: Database, @unchecked Sendable {
        // Used by the thread that has the connection, while it has it.
        let connection: any SQLConnection

        func write<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value { try body(connection) }
        func read<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value { try body(connection) }
        func close() {}
    }
}
