import CPostgres

/// A statement on one connection: planned by the server when it is first executed, for then it is known what types its
/// parameters have. Values and results go in binary.
final class PostgresStatement: SQLStatement, BatchStatement {
    private unowned let connection: PostgresConnection
    private let sql: PostgresSQL
    private var plan: PostgresPlan?
    /// The plan for many rows.
    private var rowsPlan: PostgresPlan?

    private var row: BoundRows

    /// Rows of the answer that were read before they were asked for.
    private var kept: [OpaquePointer] = []
    private var keptHead = 0
    private var answer: OpaquePointer?
    private var hasBegun = false
    private var hasEnded = false
    private(set) var changes = 0

    init(_ sql: PostgresSQL, on connection: PostgresConnection) {
        self.sql = sql
        self.connection = connection
        row = BoundRows(width: sql.parameters)
        row.beginRow()
    }

    deinit { clearRows() }

    // MARK: - Binding

    func bind(_ value: Int64, at index: Int) { row.set(value, at: index - 1) }

    func bind(_ text: String, at index: Int) {
        var text = text
        text.withUTF8 { row.set(.text, UnsafeRawBufferPointer($0), at: index - 1) }
    }

    func bind(_ bytes: UnsafeRawBufferPointer, at index: Int) { row.set(.blob, bytes, at: index - 1) }

    func bindNull(at index: Int) { row.setNull(at: index - 1) }

    // MARK: - Executing

    func enqueue(changing rows: Int?) throws(StorageError) {
        defer { reset() }
        try connection.enqueue(self, row, changing: rows)
    }

    var batchTable: String? { sql.batchTable }
    var countsOddly: Bool { false }

    func execute(_ rows: BoundRows, changing expected: Int?) throws(StorageError) {
        let plan = try plan(of: rows)
        guard rows.rows > 1 else { return try connection.execute(plan, PostgresValues(row: rows), changing: expected) }
        try connection.execute(
            try planOfRows(like: plan),
            PostgresValues(columns: rows, plan.types),
            changing: expected
        )
    }

    func step() throws(StorageError) -> Bool {
        if !hasBegun {
            try connection.sendBatch()
            try connection.execute(try plan(of: row), PostgresValues(row: row), of: self)
            hasBegun = true
        }
        if let answer { PQclear(answer) }
        answer = nil
        if keptHead < kept.count {
            answer = kept[keptHead]
            keptHead += 1
            return true
        }
        while !hasEnded {
            if let next = try read() {
                answer = next
                return true
            }
        }
        return false
    }

    /// - Returns: nil where the answer goes on without a row, or ends.
    private func read() throws(StorageError) -> OpaquePointer? {
        guard let result = try connection.nextOfReading() else {
            hasEnded = true
            return nil
        }
        switch PQresultStatus(result) {
        case PGRES_SINGLE_TUPLE: return result
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK:
            changes = PostgresConnection.changes(of: result)
            PQclear(result)
            return nil
        default:
            let error = StorageError(postgres: result)
            PQclear(result)
            connection.drop(self)
            hasEnded = true
            throw error
        }
    }

    /// Takes in the rows that are still to come: another statement wants the connection.
    func keepRest() throws(StorageError) {
        while !hasEnded {
            if let next = try read() { kept.append(next) }
        }
    }

    func reset() {
        connection.drop(self)
        clearRows()
        hasBegun = false
        hasEnded = false
        row.removeAll()
        row.beginRow()
    }

    private func clearRows() {
        if let answer { PQclear(answer) }
        answer = nil
        for result in kept[keptHead...] { PQclear(result) }
        kept.removeAll()
        keptHead = 0
    }

    /// The server has no plan of it any more.
    func forget() {
        plan = nil
        rowsPlan = nil
    }

    /// The plan for what is bound; made where there is none, or none for such values.
    private func plan(of rows: BoundRows) throws(StorageError) -> PostgresPlan {
        if let plan, plan.takes(rows) { return plan }
        let made = try connection.plan(sql.text, types: PostgresPlan.types(of: rows, known: plan?.types ?? []))
        plan = made
        rowsPlan = nil
        return made
    }

    private func planOfRows(like plan: PostgresPlan) throws(StorageError) -> PostgresPlan {
        if let rowsPlan { return rowsPlan }
        guard let text = sql.text(forRowsOf: try plan.typeNames()) else { throw .misuse("a statement of one row") }
        let made = try connection.plan(text, types: [])
        rowsPlan = made
        return made
    }

    // MARK: - Reading

    func isNull(_ column: Int) -> Bool { PQgetisnull(answer, 0, Int32(column)) == 1 }

    func int64(_ column: Int) -> Int64 {
        guard !isNull(column) else { return 0 }
        return value(column) { bytes in
            switch PQftype(answer, Int32(column)) {
            case 1700: PostgresNumeric.int64(bytes)
            default:
                bytes.reduce(bytes.first.map { $0 >= 0x80 && bytes.count > 1 ? -1 : 0 } ?? 0) { $0 << 8 | Int64($1) }
            }
        }
    }

    func text(_ column: Int) -> String { value(column) { String(decoding: $0, as: UTF8.self) } }

    func bytes<Value>(_ column: Int, _ body: (UnsafeRawBufferPointer) -> Value) -> Value { value(column, body) }

    private func value<Value>(_ column: Int, _ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        let count = Int(PQgetlength(answer, 0, Int32(column)))
        return body(UnsafeRawBufferPointer(start: PQgetvalue(answer, 0, Int32(column)), count: count))
    }
}
