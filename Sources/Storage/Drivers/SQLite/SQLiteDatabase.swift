import Dispatch
import Domain
import GRDB
import GRDBSQLite
import Glibc
import Synchronization

/// The embedded database: GRDB's pool over SQLite, one writer and readers on snapshots (WAL).
///
/// `synchronous = FULL` is set on the writer after opening, for GRDB's pool sets NORMAL there; a NORMAL commit can be lost
/// with the power. It is read back, and the database refused if it did not take.
package final class SQLiteDatabase: Database {
    package let path: String
    private let pool: DatabasePool
    private let wal = WALSize()
    private let writer = Mutex<SQLiteConnection?>(nil)
    private let beside = Mutex<UncheckedHandle?>(nil)

    /// - Throws: `StorageError`: `io` where the file cannot be opened, `unusable` where it is none of ours.
    package init(path: String, isReadOnly: Bool = false, maximumReaders: Int = 4) throws {
        self.path = path
        var configuration = Configuration()
        configuration.readonly = isReadOnly
        configuration.busyMode = .timeout(5)
        configuration.maximumReaderCount = maximumReaders
        configuration.foreignKeysEnabled = true
        configuration.label = "tokenaudit"
        do {
            pool = try DatabasePool(path: path, configuration: configuration)
            guard !isReadOnly else { return }
            try pool.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA synchronous = FULL")
                try db.execute(sql: "PRAGMA wal_autocheckpoint = 0")
                let synchronous = try Int.fetchOne(db, sql: "PRAGMA synchronous") ?? -1
                let mode = try String.fetchOne(db, sql: "PRAGMA journal_mode") ?? ""
                guard synchronous == 2, mode == "wal" else {
                    throw StorageError.unusable("synchronous is \(synchronous) and journal_mode \(mode), not 2 and wal")
                }
                // After the PRAGMA, which is a hook of its own.
                let context = Unmanaged.passUnretained(wal).toOpaque()
                sqlite3_wal_hook(
                    db.sqliteConnection,
                    { context, _, _, pages in
                        guard let context else { return SQLITE_OK }
                        Unmanaged<WALSize>.fromOpaque(context).takeUnretainedValue()
                            .pages.store(Int(pages), ordering: .relaxed)
                        return SQLITE_OK
                    },
                    context
                )
            }
        } catch { throw StorageError(error) }
    }

    package func write<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value {
        try withWriter { connection in try connection.transaction { try body(connection) } }
    }

    /// The writing connection without a transaction: for whoever begins and commits itself.
    func withWriter<Value>(_ body: (SQLiteConnection) throws -> Value) throws -> Value {
        do {
            return try pool.writeWithoutTransaction { db in
                guard let handle = db.sqliteConnection else { throw StorageError.io("the connection is closed") }
                let connection = writer.withLock { kept -> UncheckedConnection in
                    if let kept, kept.handle == handle { return UncheckedConnection(connection: kept) }
                    let made = SQLiteConnection(handle: handle)
                    let lent = UncheckedConnection(connection: made)
                    kept = lent.connection
                    return lent
                }.connection
                return try body(connection)
            }
        } catch let error as DatabaseError { throw StorageError(error) }
    }

    package func read<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value {
        do {
            return try pool.read { db in
                guard let handle = db.sqliteConnection else { throw StorageError.io("the connection is closed") }
                return try body(SQLiteConnection(handle: handle))
            }
        } catch let error as DatabaseError { throw StorageError(error) }
    }

    /// Pages in the WAL as of the last commit; those that were moved meanwhile are among them until it starts over.
    package var walPages: Int { wal.pages.load(ordering: .relaxed) }

    /// How long the writing connection waits for a lock of somebody else's.
    func setBusyTimeout(milliseconds: Int32) throws {
        try withWriter { _ = sqlite3_busy_timeout($0.handle, milliseconds) }
    }

    /// Moves what it can from the WAL into the database without waiting for anybody.
    /// - Returns: frames in the WAL, and how many of them have been moved.
    @discardableResult
    func checkpoint(truncating: Bool = false) throws -> (frames: Int, moved: Int) {
        try withWriter { connection in
            var frames: Int32 = 0
            var moved: Int32 = 0
            let mode = truncating ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE
            let code = sqlite3_wal_checkpoint_v2(connection.handle, nil, mode, &frames, &moved)
            guard code == SQLITE_OK else { throw StorageError(code: code, on: connection.handle) }
            return (Int(frames), Int(moved))
        }
    }

    /// A passive pass on a connection of its own, beside the writer.
    func checkpointBeside() throws -> (frames: Int, moved: Int) {
        try beside.withLock { kept in
            if kept == nil {
                var opened: OpaquePointer?
                let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX
                guard sqlite3_open_v2(path, &opened, flags, nil) == SQLITE_OK, let opened else {
                    throw StorageError.io("no connection for checkpoints")
                }
                // Until its first read a connection does not know that there is a WAL, and its checkpoints do nothing.
                sqlite3_exec(opened, "SELECT COUNT(*) FROM sqlite_master", nil, nil, nil)
                kept = UncheckedHandle(handle: opened)
            }
            guard let handle = kept?.handle else { return (0, 0) }
            var frames: Int32 = 0
            var moved: Int32 = 0
            let code = sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_PASSIVE, &frames, &moved)
            guard code == SQLITE_OK else { throw StorageError(code: code, on: handle) }
            return (Int(frames), Int(moved))
        }
    }

    package func close() throws {
        beside.withLock { kept in
            if let handle = kept?.handle { sqlite3_close_v2(handle) }
            kept = nil
        }
        writer.withLock { $0 = nil }
        do { try pool.close() } catch { throw StorageError(error) }
    }
}

/// Where SQLite's hook leaves the size of the WAL; lives as long as the pool that has the hook.
private final class WALSize: Sendable {
    let pages = Atomic<Int>(0)
}

/// Carries a connection out of a lock's closure; it is only ever used inside the writer's own queue.
private struct UncheckedConnection: @unchecked Sendable {
    let connection: SQLiteConnection
}

/// A raw connection, used only under its lock.
private struct UncheckedHandle: @unchecked Sendable {
    let handle: OpaquePointer
}

/// One connection of the pool's with its statements. Used on one thread at a time: GRDB lends it to one closure.
final class SQLiteConnection: TransactionConnection, @unchecked Sendable {
    let dialect = SQLDialect.sqlite
    let timeQuery: String? = nil
    let session: UInt64 = 0
    let handle: OpaquePointer
    private var statements: [String: SQLiteStatement] = [:]
    /// The same, found by where a text lies rather than by reading it: a ledger statement is a thousand bytes long. The
    /// text is kept, so that nothing else can ever lie there.
    private var known: [(words: (UInt64, UInt64), sql: String, statement: SQLiteStatement)] = []
    private static let knownLimit = 24

    init(handle: OpaquePointer) { self.handle = handle }

    func prepare(_ sql: String) throws(StorageError) -> any SQLStatement {
        let words = unsafeBitCast(sql, to: (UInt64, UInt64).self)
        for entry in known where entry.words == words { return entry.statement }
        let statement: SQLiteStatement
        if let prepared = statements[sql] {
            statement = prepared
        } else {
            statement = try SQLiteStatement(sql, on: handle)
            statements[sql] = statement
        }
        // A schema is made of more statements than a journal uses; they must not stay in the way.
        if known.count == Self.knownLimit { known.removeAll(keepingCapacity: true) }
        known.append((words, sql, statement))
        return statement
    }

    /// Nothing is ever waiting.
    func flush() {}

    func begin() throws(StorageError) { try run("BEGIN IMMEDIATE") }

    func commit() throws(StorageError) {
        do { try run("COMMIT") } catch {
            rollBack()
            throw error
        }
    }

    func rollBack() { if sqlite3_get_autocommit(handle) == 0 { sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) } }

    private func run(_ sql: String) throws(StorageError) {
        let statement = try prepare(sql)
        defer { statement.reset() }
        _ = try statement.step()
    }
}
