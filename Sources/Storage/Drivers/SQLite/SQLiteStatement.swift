import GRDB
import GRDBSQLite

/// A prepared statement of SQLite's, finalised with its connection's cache.
final class SQLiteStatement: SQLStatement {
    private let handle: OpaquePointer
    private let connection: OpaquePointer
    /// Where short texts and blobs lie from being bound to the reset, so that SQLite need not allocate for each.
    private let scratch = UnsafeMutableRawPointer.allocate(byteCount: scratchBytes, alignment: 1)
    private var scratchUsed = 0
    private static let scratchBytes = 512
    /// What writes has the only lock there is.
    private static let lock = " FOR UPDATE"

    init(_ sql: String, on connection: OpaquePointer) throws(StorageError) {
        var handle: OpaquePointer?
        let sql = sql.hasSuffix(Self.lock) ? String(sql.dropLast(Self.lock.count)) : sql
        let code = sqlite3_prepare_v3(connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
        guard code == SQLITE_OK, let handle else {
            throw StorageError(code: code, on: connection)
        }
        self.handle = handle
        self.connection = connection
    }

    deinit {
        sqlite3_finalize(handle)
        scratch.deallocate()
    }

    func bind(_ value: Int64, at index: Int) { sqlite3_bind_int64(handle, Int32(index), value) }

    func bind(_ text: String, at index: Int) {
        var text = text
        text.withUTF8 { bytes in
            let (start, destructor) = keep(UnsafeRawBufferPointer(bytes))
            sqlite3_bind_text(
                handle,
                Int32(index),
                start.assumingMemoryBound(to: CChar.self),
                Int32(clamping: bytes.count),
                destructor
            )
        }
    }

    func bind(_ bytes: UnsafeRawBufferPointer, at index: Int) {
        let (start, destructor) = keep(bytes)
        sqlite3_bind_blob(handle, Int32(index), start, Int32(clamping: bytes.count), destructor)
    }

    /// Copies short bytes to where they stay until the reset; SQLite copies long ones itself. Never a null pointer, which
    /// SQLite would take for NULL.
    private func keep(_ bytes: UnsafeRawBufferPointer) -> (UnsafeRawPointer, sqlite3_destructor_type?) {
        guard let start = bytes.baseAddress, bytes.count > 0 else { return (UnsafeRawPointer(scratch), nil) }
        guard bytes.count <= Self.scratchBytes - scratchUsed else { return (start, Self.transient) }
        let place = scratch + scratchUsed
        place.copyMemory(from: start, byteCount: bytes.count)
        scratchUsed += bytes.count
        return (UnsafeRawPointer(place), nil)
    }

    func bindNull(at index: Int) { sqlite3_bind_null(handle, Int32(index)) }

    func step() throws(StorageError) -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw StorageError(code: code, on: connection)
        }
    }

    func reset() {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
        scratchUsed = 0
    }

    func enqueue(changing rows: Int?) throws(StorageError) {
        defer { reset() }
        while try step() {}
        if let rows, changes != rows { throw .misuse("\(changes) rows changed, not \(rows)") }
    }

    var changes: Int { Int(sqlite3_changes(connection)) }

    func isNull(_ column: Int) -> Bool { sqlite3_column_type(handle, Int32(column)) == SQLITE_NULL }

    func int64(_ column: Int) -> Int64 { sqlite3_column_int64(handle, Int32(column)) }

    func text(_ column: Int) -> String {
        guard let text = sqlite3_column_text(handle, Int32(column)) else { return "" }
        let count = Int(sqlite3_column_bytes(handle, Int32(column)))
        return String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self)
    }

    func bytes<Value>(_ column: Int, _ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        let start = sqlite3_column_blob(handle, Int32(column))
        let count = Int(sqlite3_column_bytes(handle, Int32(column)))
        return body(UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count))
    }

    /// SQLite copies what is bound: our bytes end with the call.
    private nonisolated(unsafe) static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
}

extension StorageError {
    init(code: Int32, on connection: OpaquePointer?) {
        let message = connection.flatMap { sqlite3_errmsg($0) }.map { String(cString: $0) } ?? "code \(code)"
        switch code & 0xFF {
        case SQLITE_BUSY, SQLITE_LOCKED: self = .busy
        case SQLITE_FULL: self = .full
        case SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_TOOBIG: self = .constraint(message)
        case SQLITE_IOERR, SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_NOMEM: self = .io(message)
        case SQLITE_CORRUPT, SQLITE_NOTADB: self = .unusable(message)
        default: self = .misuse(message)
        }
    }

    /// What GRDB throws, in our terms.
    init(_ error: any Error) {
        switch error {
        case let error as StorageError: self = error
        case let error as DatabaseError:
            self.init(code: error.resultCode.rawValue, message: error.message ?? "\(error)")
        default: self = .misuse("\(error)")
        }
    }

    private init(code: Int32, message: String) {
        switch StorageError(code: code, on: nil) {
        case .constraint: self = .constraint(message)
        case .io: self = .io(message)
        case .unusable: self = .unusable(message)
        case .misuse: self = .misuse(message)
        case let other: self = other
        }
    }
}
