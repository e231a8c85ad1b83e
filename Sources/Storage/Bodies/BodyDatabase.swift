import Domain
import GRDBSQLite
import Glibc
import Synchronization

/// The file of bodies beside the embedded database, with a connection to write and one to read.
///
/// It is made with the first body, and opened again after it failed: bodies are not books, and no start, call or settlement
/// waits for them. A commit may be lost with the power (`synchronous = NORMAL`), never torn.
final class BodyDatabase: Sendable {
    private static let version: Int64 = 1
    private static let statements = [
        """
        CREATE TABLE api_request_bodies (
            id INTEGER PRIMARY KEY,
            call_id BLOB NOT NULL UNIQUE CHECK (length(call_id) = 16),
            capture TEXT NOT NULL CHECK (capture IN ('metadata', 'full')),
            is_streamed INTEGER NOT NULL CHECK (is_streamed IN (0, 1)),
            key_version INTEGER NOT NULL,
            request_data BLOB,
            request_bytes INTEGER NOT NULL,
            request_kept INTEGER NOT NULL,
            request_is_truncated INTEGER NOT NULL CHECK (request_is_truncated IN (0, 1)),
            response_data BLOB,
            response_bytes INTEGER NOT NULL,
            response_kept INTEGER NOT NULL,
            response_is_truncated INTEGER NOT NULL CHECK (response_is_truncated IN (0, 1)),
            erased_at INTEGER
        ) STRICT
        """,
        // What there is in all, so that nobody counts rows.
        """
        CREATE TABLE body_sums (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            calls INTEGER NOT NULL,
            bytes INTEGER NOT NULL
        ) STRICT
        """,
        "INSERT INTO body_sums (id, calls, bytes) VALUES (1, 0, 0)",
        "PRAGMA user_version = \(version)",
    ]

    let path: String
    private let writer = Mutex<SQLiteConnection?>(nil)
    private let reader = Mutex<SQLiteConnection?>(nil)

    init(beside database: String) { path = database + ".bodies" }

    func write<Value: Sendable>(_ body: (any SQLConnection) throws -> Value) throws -> Value {
        try withWriter { connection in
            try connection.begin()
            do {
                let value = try body(connection)
                try connection.commit()
                return value
            } catch {
                connection.rollBack()
                throw error
            }
        }
    }

    /// - Returns: nil where no body ever came.
    func read<Value: Sendable>(_ body: (any SQLConnection) throws -> Value) throws -> Value? {
        guard isThere else { return nil }
        return try reader.withLock { try Self.lend(&$0, path: path, body) }
    }

    var isThere: Bool { access(path, F_OK) == 0 }

    /// The writing connection without a transaction.
    func withWriter<Value: Sendable>(_ body: (SQLiteConnection) throws -> Value) throws -> Value {
        try writer.withLock { try Self.lend(&$0, path: path, body) }
    }

    func close() {
        writer.withLock { Self.close(&$0) }
        reader.withLock { Self.close(&$0) }
    }

    private static func lend<Value: Sendable>(
        _ kept: inout SQLiteConnection?,
        path: String,
        _ body: (SQLiteConnection) throws -> Value
    ) throws -> Value {
        let connection = try kept ?? open(path)
        kept = connection
        do {
            return try body(connection)
        } catch let error as StorageError {
            // The file may be another one by the next time.
            switch error {
            case .io, .unusable: close(&kept)
            case .busy, .contended, .full, .constraint, .misuse: break
            }
            throw error
        }
    }

    private static func close(_ kept: inout SQLiteConnection?) {
        guard let handle = kept?.handle else { return }
        kept = nil
        sqlite3_close_v2(handle)
    }

    private static func open(_ path: String) throws -> SQLiteConnection {
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        let code = sqlite3_open_v2(path, &opened, flags, nil)
        guard code == SQLITE_OK, let opened else {
            defer { sqlite3_close_v2(opened) }
            throw StorageError(code: code, on: opened)
        }
        var connection: SQLiteConnection? = SQLiteConnection(handle: opened)
        do {
            sqlite3_busy_timeout(opened, 5_000)
            // The first one takes effect only before there is a table.
            for pragma in ["auto_vacuum = INCREMENTAL", "journal_mode = WAL", "synchronous = NORMAL"] {
                _ = try connection?.query("PRAGMA \(pragma)") { _ in () }
            }
            if let connection { try migrate(connection) }
        } catch {
            close(&connection)
            throw error
        }
        guard let connection else { throw StorageError.io("the connection is closed") }
        return connection
    }

    private static func migrate(_ connection: SQLiteConnection) throws {
        func version() throws -> Int64 {
            try connection.query("PRAGMA user_version") { $0.int64(0) }.first ?? 0
        }
        if try version() == Self.version { return }
        try connection.begin()
        defer { connection.rollBack() }
        switch try version() {
        case Self.version: break
        case 0:
            for statement in statements { try connection.execute(statement) }
            try connection.commit()
        case let other: throw StorageError.unusable("the file of bodies has version \(other)")
        }
    }
}
