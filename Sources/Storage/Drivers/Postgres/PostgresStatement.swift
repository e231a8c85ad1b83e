import CPostgres
import Glibc

/// A statement on one connection: planned by the server under a name when it is first executed, for then it is known what
/// types its parameters have. Values and results go in binary.
final class PostgresStatement: SQLStatement {
    private static let int8: UInt32 = 20
    private static let text: UInt32 = 25
    private static let bytea: UInt32 = 17

    private unowned let connection: PostgresConnection
    private let sql: String
    private var name: String?
    /// What it is planned for; 0 where the server chose.
    private var planned: [UInt32] = []

    // What is bound: types (0: null), and where each value lies.
    private var types: [UInt32] = []
    private var values: [UInt8] = []
    private var places: [(offset: Int, count: Int32)] = []

    /// Rows that were read before they were asked for.
    private var kept: [OpaquePointer] = []
    private var keptHead = 0
    private var row: OpaquePointer?
    private var hasBegun = false
    private var hasEnded = false
    private(set) var changes = 0

    init(_ sql: String, on connection: PostgresConnection) {
        self.sql = sql
        self.connection = connection
    }

    deinit { clearRows() }

    // MARK: - Binding

    func bind(_ value: Int64, at index: Int) {
        withUnsafeBytes(of: value.bigEndian) { put($0, Self.int8, at: index) }
    }

    func bind(_ text: String, at index: Int) {
        var text = text
        text.withUTF8 { put(UnsafeRawBufferPointer($0), Self.text, at: index) }
    }

    func bind(_ bytes: UnsafeRawBufferPointer, at index: Int) { put(bytes, Self.bytea, at: index) }

    func bindNull(at index: Int) { place(0, (0, -1), at: index) }

    private func put(_ bytes: UnsafeRawBufferPointer, _ type: UInt32, at index: Int) {
        place(type, (values.count, Int32(clamping: bytes.count)), at: index)
        values.append(contentsOf: bytes)
    }

    private func place(_ type: UInt32, _ place: (offset: Int, count: Int32), at index: Int) {
        while types.count < index {
            types.append(0)
            places.append((0, -1))
        }
        types[index - 1] = type
        places[index - 1] = place
    }

    // MARK: - Executing

    func enqueue(changing rows: Int?) throws(StorageError) {
        defer { reset() }
        try plan()
        try connection.enqueue(self, changing: rows)
    }

    func step() throws(StorageError) -> Bool {
        if !hasBegun {
            try plan()
            try connection.execute(self)
            hasBegun = true
        }
        if let row { PQclear(row) }
        row = nil
        if keptHead < kept.count {
            row = kept[keptHead]
            keptHead += 1
            return true
        }
        while !hasEnded {
            if let next = try read() {
                row = next
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
        types.removeAll(keepingCapacity: true)
        places.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
    }

    private func clearRows() {
        if let row { PQclear(row) }
        row = nil
        for result in kept[keptHead...] { PQclear(result) }
        kept.removeAll()
        keptHead = 0
    }

    /// The server has no plan of it any more.
    func forget() { name = nil }

    /// Has it planned for the types that are bound, if it is not.
    private func plan() throws(StorageError) {
        var wanted = types
        var fits = name != nil
        for (index, type) in types.enumerated() {
            let known = index < planned.count ? planned[index] : 0
            if type == 0 { wanted[index] = known } else if type != known { fits = false }
        }
        guard !fits else { return }
        let name = connection.nextName()
        try connection.plan(sql, name: name, types: wanted)
        planned = wanted
        self.name = name
    }

    /// For the connection alone. - Returns: false if the connection is lost.
    func sendExecution() -> Bool {
        guard let name else { return false }
        let count = places.count
        return values.withUnsafeBytes { bytes in
            withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: count) { pointers in
                withUnsafeTemporaryAllocation(of: Int32.self, capacity: count * 2) { numbers in
                    for (index, place) in places.enumerated() {
                        let isNull = place.count < 0
                        // An empty value has a place too, or it would be null.
                        let start =
                            (bytes.baseAddress ?? Self.empty).advanced(by: isNull ? 0 : place.offset)
                        pointers[index] = isNull ? nil : start.assumingMemoryBound(to: CChar.self)
                        numbers[index] = max(0, place.count)
                        numbers[count + index] = 1
                    }
                    return PQsendQueryPrepared(
                        connection.handle,
                        name,
                        Int32(count),
                        pointers.baseAddress,
                        numbers.baseAddress,
                        numbers.baseAddress?.advanced(by: count),
                        1
                    ) == 1
                }
            }
        }
    }

    private nonisolated(unsafe) static let empty = UnsafeRawPointer(
        UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1)
    )

    // MARK: - Reading

    func isNull(_ column: Int) -> Bool { PQgetisnull(row, 0, Int32(column)) == 1 }

    func int64(_ column: Int) -> Int64 {
        guard !isNull(column) else { return 0 }
        return value(column) { bytes in
            switch PQftype(row, Int32(column)) {
            case 1700: PostgresNumeric.int64(bytes)
            default:
                bytes.reduce(bytes.first.map { $0 >= 0x80 && bytes.count > 1 ? -1 : 0 } ?? 0) { $0 << 8 | Int64($1) }
            }
        }
    }

    func text(_ column: Int) -> String { value(column) { String(decoding: $0, as: UTF8.self) } }

    func bytes<Value>(_ column: Int, _ body: (UnsafeRawBufferPointer) -> Value) -> Value { value(column, body) }

    private func value<Value>(_ column: Int, _ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        let count = Int(PQgetlength(row, 0, Int32(column)))
        return body(UnsafeRawBufferPointer(start: PQgetvalue(row, 0, Int32(column)), count: count))
    }
}
