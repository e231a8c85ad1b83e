package import Domain
import GRDB
import GRDBSQLite
import Glibc

/// The audit log and what it testifies, in a database file of their own: bills and corrections, leaves, tiles, checkpoints.
///
/// No e-mail address, no client's address or agent, no key or secret goes along. The file is one snapshot, and is there
/// whole or not at all.
package enum AuditExport {
    /// Columns are all of the table's where none are named.
    private static let tables: [(name: String, columns: String?, rows: String)] = [
        ("api_requests", VerifiedCall.columns, ""),
        ("ledger_entries", "call_id, kind, lane, amount", " WHERE call_id IS NOT NULL"),
        ("audit_leaves", "replica_id, number, count, kind, data, created_at", ""),
        ("audit_trees", nil, ""),
        ("audit_segments", nil, ""),
        ("audit_tiles", nil, ""),
        ("audit_checkpoints", nil, ""),
    ]
    private static let indexes = [
        "CREATE INDEX calls ON api_requests (id)", "CREATE INDEX leaves ON audit_leaves (replica_id, number)",
        "CREATE INDEX segments ON audit_segments (tree_id, first_index)",
        "CREATE INDEX tiles ON audit_tiles (tree_id, level, tile)",
    ]

    /// Writes the export; that it was made is a leaf too. - Parameter isServed: a server runs now, so leaves wait shortly.
    package static func write(
        _ database: any Database,
        to path: String,
        isServed: Bool,
        clock: () -> Instant
    ) throws {
        let now = try database.write { connection in
            let act = try ActTransaction(connection, clock: clock)
            try act.testify("audit export", row: 0, by: Actor.command("audit export").description)
            return act.now
        }
        let partial = "\(path).partial-\(getpid())"
        unlink(partial)
        defer { unlink(partial) }
        try copy(database, to: partial, isServed: isServed, now: now)
        let descriptor = open(partial, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw problem(path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0, rename(partial, path) == 0, FileSync.directory(of: path) else {
            throw problem(path)
        }
    }

    /// When the export was made, where a server ran then; nil where none did. - Throws: `StorageError` for another file.
    package static func servedAt(_ database: any Database) throws -> Instant? {
        try database.read { connection in
            try connection.query("SELECT exported_at FROM audit_export WHERE is_served = 1") { $0.instant(0) }.first
        }
    }

    private static func copy(_ source: any Database, to path: String, isServed: Bool, now: Instant) throws {
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        let code = sqlite3_open_v2(path, &opened, flags, nil)
        defer { sqlite3_close_v2(opened) }
        guard code == SQLITE_OK, let opened else { throw StorageError(code: code, on: opened) }
        let connection = SQLiteConnection(handle: opened)
        // The file is synced as a whole before it gets its name.
        for pragma in ["PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF"] {
            _ = try connection.query(pragma) { $0.text(0) }
        }
        let shapes = Dictionary(uniqueKeysWithValues: try TableShape.all().map { ($0.name, $0) })
        try connection.execute("BEGIN")
        // All tables are read of one snapshot.
        try source.read { source in
            for table in tables {
                guard var shape = shapes[table.name] else { throw StorageError.misuse("no table \(table.name)") }
                if let columns = table.columns {
                    shape = shape.only(columns.split(separator: ",").map { String($0).trimmed })
                }
                try copy(shape, rows: table.rows, from: source, to: connection)
            }
        }
        for index in indexes { try connection.execute(index) }
        try connection.execute("CREATE TABLE audit_export (exported_at INTEGER NOT NULL, is_served INTEGER NOT NULL)")
        try connection.execute("INSERT INTO audit_export VALUES (?, ?)", SQLValue(now), SQLValue(isServed))
        try connection.commit()
    }

    private static func copy(
        _ table: TableShape,
        rows: String,
        from source: any SQLConnection,
        to target: SQLiteConnection
    ) throws {
        let names = table.columns.map(\.name).joined(separator: ", ")
        let declared = table.columns.map { "\($0.name) \($0.kind.type)" }.joined(separator: ", ")
        try target.execute("CREATE TABLE \(table.name) (\(declared))")
        let insert = try target.prepare("INSERT INTO \(table.name) VALUES (\(SizedSQL.list("?", table.columns.count)))")
        let select = try source.prepare("SELECT \(names) FROM \(table.name)\(rows)")
        defer { select.reset() }
        while try select.step() {
            for (index, value) in table.values(select).enumerated() { insert.bind(value, at: index + 1) }
            try insert.enqueue()
        }
    }

    private static func problem(_ path: String) -> StorageError {
        .io("\(path) cannot be written: \(String(cString: strerror(errno)))")
    }
}
