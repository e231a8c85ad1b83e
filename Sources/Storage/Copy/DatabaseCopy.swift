package import Domain

/// Copies a database that nobody serves into an empty one of any engine, table by table in the order of their keys. A copy that
/// was broken off goes on where it ended; until it is finished, nobody takes the new database for books.
package struct DatabaseCopy {
    package struct Progress: Sendable {
        package let table: String
        /// Of the whole copy, with what an earlier run had copied.
        package let rows: Int
    }

    private static let rowsAtOnce = 500
    /// How the name begins that a database has until it is whole.
    private static let unfinished = "unfinished copy"

    private let source: any Database
    private let target: any Database
    private let progress: (Progress) -> Void
    private var rows = 0

    package init(from source: any Database, to target: any Database, progress: @escaping (Progress) -> Void = { _ in })
    {
        self.source = source
        self.target = target
        self.progress = progress
    }

    /// - Throws: `StorageError.unusable` for a database that a copy was begun into and not finished.
    package static func expectWhole(_ database: any Database) throws {
        guard try Migrations.version(of: database) >= Migration.replicas.version else { return }
        let name = try database.read { try IdentityRows.name($0) }
        guard name?.hasPrefix(unfinished) != true else {
            throw StorageError.unusable("a copy into it is not finished; `tokenaudit database copy` goes on with it")
        }
    }

    /// Blocks. - Returns: how many rows there are.
    /// - Throws: `StorageError.unusable` where the schemas differ, a server of the source did not end in order, the source is
    ///   not what it was when the copy was begun, or the target has books of its own.
    package mutating func run(now: Instant) throws -> Int {
        guard try Migrations.version(of: source) == Migrations.newest else {
            throw StorageError.unusable(
                "the source has another schema; `tokenaudit migrate` brings it to this version's"
            )
        }
        let running = try source.read {
            try $0.query("SELECT COUNT(*) FROM replicas WHERE ended_at IS NULL") { $0.int64(0) }
        }
        guard running == [0] else {
            throw StorageError.unusable(
                "a server of the source did not end in order, so bills may wait in its spool; start it and stop it again"
            )
        }
        try Migrations.run(on: target, additiveOnly: false, now: now)
        let tables = try TableShape.all()
        try begin(tables)
        for table in tables where table.name != "database_identity" { try copy(table) }
        return rows
    }

    /// Makes the target books like any other, once they are proven. It names itself anew.
    package func finish() throws {
        try target.write { connection in
            try connection.execute("DELETE FROM database_identity")
            try IdentityRows.advance(connection)
        }
    }

    /// Takes out what the migrations put in, once.
    private func begin(_ tables: [TableShape]) throws {
        // Every start of a server, every bill and every act shows in these.
        let state = try source.read {
            try $0.query(
                "SELECT (SELECT COALESCE(MAX(id), 0) FROM replicas), COUNT(*), COALESCE(MAX(created_at), 0) FROM audit_leaves"
            ) { row in [row.int64(0), row.int64(1), row.int64(2)] }
        }
        let mark = "\(Self.unfinished) \(state.joined().map { "\($0)" }.joined(separator: "."))"
        if let name = try target.read({ try IdentityRows.name($0) }), name.hasPrefix(Self.unfinished) {
            guard name == mark else {
                throw StorageError.unusable(
                    "the target has a copy of another state of the source; begin with an empty database"
                )
            }
            return
        }
        try target.write { connection in
            for table in ["users", "replicas", "api_requests", "audit_leaves"] {
                let isThere = try connection.query("SELECT 1 FROM \(table) LIMIT 1") { $0.int64(0) }
                guard isThere.isEmpty else { throw StorageError.unusable("the target is not empty: it has \(table)") }
            }
            try connection.execute("DELETE FROM database_identity")
            try IdentityRows.set(mark, connection)
            for table in tables.reversed() where table.name != "database_identity" {
                try connection.execute("DELETE FROM \(table.name)")
            }
        }
    }

    private mutating func copy(_ table: TableShape) throws {
        let names = table.columns.map(\.name).joined(separator: ", ")
        let key = table.key.map(\.name)
        let keys = key.joined(separator: ", ")
        let insert =
            "INSERT INTO \(table.name) (\(names)) VALUES (\(SizedSQL.list("?", table.columns.count)))"
        let select = "SELECT \(names) FROM \(table.name)"
        let order = " ORDER BY \(keys) LIMIT \(Self.rowsAtOnce)"
        let after = " WHERE (\(keys)) > (\(SizedSQL.list("?", key.count)))"
        let places = table.key.map { column in table.columns.firstIndex { $0.name == column.name } ?? 0 }
        let last =
            "SELECT \(names) FROM \(table.name) ORDER BY \(key.map { "\($0) DESC" }.joined(separator: ", ")) LIMIT 1"
        var edge = try target.read { try $0.query(last) { table.values($0) } }.first.map { row in places.map { row[$0] }
        }
        if edge != nil {
            rows +=
                try target.read { try $0.query("SELECT COUNT(*) FROM \(table.name)") { Int($0.int64(0)) } }.first ?? 0
        }
        while true {
            let found = try source.read { connection in
                try connection.query(select + (edge == nil ? "" : after) + order, values: edge ?? []) {
                    table.values($0)
                }
            }
            guard let newest = found.last else { return }
            try target.write { connection in
                let statement = try connection.prepare(insert)
                for row in found {
                    for (index, value) in row.enumerated() { statement.bind(value, at: index + 1) }
                    try statement.enqueue(changing: 1)
                }
                try connection.flush()
            }
            Failpoint.hit("copy.rows")
            edge = places.map { newest[$0] }
            rows += found.count
            progress(Progress(table: table.name, rows: rows))
            if found.count < Self.rowsAtOnce { return }
        }
    }
}
