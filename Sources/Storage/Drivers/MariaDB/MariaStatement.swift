import CMariaDB

/// A statement on one connection, prepared by the server when it is first executed.
final class MariaStatement: SQLStatement, BatchStatement {
    private unowned let connection: MariaConnection
    let sql: MariaSQL
    private var handle: UnsafeMutablePointer<MYSQL_STMT>?
    private var values: BoundRows
    /// Why what was bound cannot be stored.
    private var refusal: StorageError?

    private var result: MariaResult?
    /// Rows that were read before they were asked for.
    private var kept: ArraySlice<MariaRow> = []
    private var row = MariaRow()
    private var hasBegun = false
    private var hasEnded = false
    private(set) var changes = 0

    init(_ sql: MariaSQL, on connection: MariaConnection) {
        self.sql = sql
        self.connection = connection
        values = BoundRows(width: sql.parameters)
        values.beginRow()
    }

    deinit { close() }

    /// Forgets the server's plan; the next execution makes another.
    func close() {
        result = nil
        if let handle { mysql_stmt_close(handle) }
        handle = nil
    }

    // MARK: - Binding

    func bind(_ value: Int64, at index: Int) { values.set(value, at: index - 1) }

    func bind(_ text: String, at index: Int) {
        var text = text
        text.withUTF8 { bytes in
            // The server would take it; no other engine does.
            if bytes.contains(0) { refusal = .constraint("a text with U+0000") }
            values.set(.text, UnsafeRawBufferPointer(bytes), at: index - 1)
        }
    }

    func bind(_ bytes: UnsafeRawBufferPointer, at index: Int) { values.set(.blob, bytes, at: index - 1) }

    func bindNull(at index: Int) { values.setNull(at: index - 1) }

    // MARK: - Executing

    func enqueue(changing rows: Int?) throws(StorageError) {
        defer { reset() }
        if let refusal { throw refusal }
        try connection.enqueue(self, values, changing: rows)
    }

    func step() throws(StorageError) -> Bool {
        do {
            if !hasBegun { try begin() }
            if let next = kept.popFirst() {
                row = next
                return true
            }
            guard !hasEnded, try fetch() else { return false }
            row = result?.row() ?? MariaRow()
            return true
        } catch {
            end()
            guard sql.skipsDuplicates, case .duplicate = error else { throw error.storage }
            changes = 0
            return false
        }
    }

    private func begin() throws(MariaFailure) {
        if let refusal { throw .other(refusal) }
        do { try connection.takeOver() } catch { throw .other(error) }
        hasBegun = true
        changes = 0
        try execute(values)
        let fields = handle.flatMap { mysql_stmt_field_count($0) } ?? 0
        guard fields > 0, let handle else {
            changes = changed()
            hasEnded = true
            return
        }
        if result == nil, let columns = mariadb_stmt_fetch_fields(handle) {
            result = MariaResult(handle, fields: columns, count: Int(fields))
        }
        guard result != nil else { throw .other(.misuse("an answer that cannot be read")) }
        connection.isRead(by: self)
    }

    /// - Returns: false at the end.
    private func fetch() throws(MariaFailure) -> Bool {
        guard let handle else { return false }
        switch mysql_stmt_fetch(handle) {
        case 0, MYSQL_DATA_TRUNCATED:
            if sql.isWriting { changes += 1 }
            return true
        case MYSQL_NO_DATA:
            end()
            return false
        default: throw failure(of: handle)
        }
    }

    private func end() {
        if let handle, hasBegun, !hasEnded { mysql_stmt_free_result(handle) }
        hasEnded = true
        connection.isRead(by: nil, insteadOf: self)
    }

    /// Takes in the rows that are still to come: another statement wants the connection.
    func keepRest() throws(StorageError) {
        do {
            while !hasEnded, try fetch() { kept.append(result?.row() ?? MariaRow()) }
        } catch {
            end()
            throw error.storage
        }
    }

    func reset() {
        if hasBegun, !hasEnded { end() }
        kept = []
        row = MariaRow()
        hasBegun = false
        hasEnded = false
        refusal = nil
        values.removeAll()
        values.beginRow()
    }

    // MARK: - Many rows

    var batchTable: String? { sql.batchTable }
    /// What replaced a row counts twice for the server.
    var countsOddly: Bool { sql.isUpsert }

    func execute(_ rows: BoundRows, changing expected: Int?) throws(StorageError) {
        do { try execute(rows) } catch {
            guard sql.skipsDuplicates, case .duplicate = error else { throw error.storage }
            if let expected, expected != 0 { throw .misuse("0 rows changed, not \(expected)") }
            return
        }
        guard let expected else { return }
        let changed = changed()
        guard changed == expected else { throw .misuse("\(changed) rows changed, not \(expected)") }
    }

    private func execute(_ values: BoundRows) throws(MariaFailure) {
        let handle = try prepared()
        // 0: a single row, in the messages that there are for that.
        var size = values.rows == 1 ? 0 : UInt32(values.rows)
        mysql_stmt_attr_set(handle, STMT_ATTR_ARRAY_SIZE, &size)
        let isDone = values.withBinds { binds in
            (binds == nil || mysql_stmt_bind_param(handle, binds) == 0) && mysql_stmt_execute(handle) == 0
        }
        guard isDone else { throw failure(of: handle) }
    }

    private func changed() -> Int {
        let rows = handle.map { Int(clamping: Int64(bitPattern: mysql_stmt_affected_rows($0))) } ?? 0
        return sql.isUpsert ? min(rows, 1) : rows
    }

    private func prepared() throws(MariaFailure) -> UnsafeMutablePointer<MYSQL_STMT> {
        if let handle { return handle }
        guard let made = mysql_stmt_init(connection.handle) else { throw .other(.io("no memory for a statement")) }
        let text = sql.text
        guard mysql_stmt_prepare(made, text, UInt(text.utf8.count)) == 0 else {
            let failure = failure(of: made)
            mysql_stmt_close(made)
            throw failure
        }
        guard Int(mysql_stmt_param_count(made)) == sql.parameters else {
            mysql_stmt_close(made)
            throw .other(.misuse("a statement whose parameters are not as many as its marks"))
        }
        handle = made
        return made
    }

    private func failure(of handle: UnsafeMutablePointer<MYSQL_STMT>) -> MariaFailure {
        // What fails between two rows is only told of the session.
        guard mysql_stmt_errno(handle) != 0 else { return connection.lastFailure() }
        return connection.failure(mysql_stmt_errno(handle), String(cString: mysql_stmt_error(handle)))
    }

    // MARK: - Reading

    func isNull(_ column: Int) -> Bool { if case .null = row.values[column] { true } else { false } }

    func int64(_ column: Int) -> Int64 {
        switch row.values[column] {
        case .null: 0
        case .integer(let value): value
        // What is summed comes as decimal digits.
        case .bytes(let place): Self.integer(row.bytes[place])
        }
    }

    func text(_ column: Int) -> String {
        switch row.values[column] {
        case .null: ""
        case .integer(let value): String(value)
        case .bytes(let place): String(decoding: row.bytes[place], as: UTF8.self)
        }
    }

    func bytes<Value>(_ column: Int, _ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        guard case .bytes(let place) = row.values[column] else {
            return body(UnsafeRawBufferPointer(start: nil, count: 0))
        }
        return row.bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[place])) }
    }

    private static func integer(_ digits: ArraySlice<UInt8>) -> Int64 {
        let text = String(decoding: digits.prefix { $0 != UInt8(ascii: ".") }, as: UTF8.self)
        return Int64(text) ?? (text.hasPrefix("-") ? .min : .max)
    }
}

/// Why a statement failed, with what ``MariaSQL`` promises apart.
enum MariaFailure: Error {
    /// A row with these keys is there already.
    case duplicate(StorageError)
    case other(StorageError)

    var storage: StorageError {
        switch self {
        case .duplicate(let error), .other(let error): error
        }
    }
}
