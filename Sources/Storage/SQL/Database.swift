package import Domain

/// Why the database did not do what it was asked, in terms of what the caller can do about it.
package enum StorageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Somebody else holds the lock: try again.
    case busy
    /// The transaction lost against another one (a deadlock, a lock not given in time) and is rolled back: do it again.
    case contended(String)
    /// No room left.
    case full
    /// The disk or the connection failed; what was in flight may or may not be there.
    case io(String)
    /// The record contradicts a constraint.
    case constraint(String)
    /// The database is not what this program expects: another format, newer, damaged.
    case unusable(String)
    /// A statement or its use is wrong: our mistake.
    case misuse(String)

    package var description: String {
        switch self {
        case .busy: "the database is locked by another process"
        case .contended(let cause): "another transaction was in the way: \(cause)"
        case .full: "the database's disk is full"
        case .io(let cause): "the database failed: \(cause)"
        case .constraint(let cause): "a constraint refused the record: \(cause)"
        case .unusable(let cause): "the database cannot be used: \(cause)"
        case .misuse(let cause): "a statement failed: \(cause)"
        }
    }
}

/// A database with its connections. Both calls block: never on an event loop.
package protocol Database: Sendable {
    /// Runs `body` in one transaction on the writing connection; commits when it returns, rolls back when it throws.
    func write<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value
    /// Runs `body` on one snapshot of the database.
    func read<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value
    /// Ends its connections; it is of no use afterwards.
    func close() throws
}

extension Database {
    /// ``read(_:)`` on a thread of its own.
    package func reading<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> Value
    ) async throws -> Value {
        try await BlockingThreads.run { try read(body) }
    }

    /// ``write(_:)`` on a thread of its own.
    package func writing<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> Value
    ) async throws -> Value {
        try await BlockingThreads.run { try write(body) }
    }
}

/// One connection, lent to a closure. Statements are prepared once a connection and text.
package protocol SQLConnection: AnyObject {
    var dialect: SQLDialect { get }
    /// Asks the database for its time; nil where the host's clock counts.
    var timeQuery: String? { get }
    /// `?` stands for a parameter; ``SQLDialect`` says what else is rewritten.
    func prepare(_ sql: String) throws(StorageError) -> any SQLStatement
    /// Waits for what was enqueued. - Throws: what the first failure among it was.
    func flush() throws(StorageError)
}

/// A connection whose transactions are its user's to begin and end.
package protocol TransactionConnection: SQLConnection {
    /// Tells the sessions of this process apart: behind another one there may be another server, which was promoted. 0 where
    /// there can be only one.
    var session: UInt64 { get }
    /// Begins a transaction that writes.
    func begin() throws(StorageError)
    /// After an error nothing is known of what became of it, unless the error says so: `full`, `busy`, `contended` and
    /// `constraint` mean that nothing was committed.
    func commit() throws(StorageError)
    /// Drops the transaction, if there is one; never fails, for a broken connection has none.
    func rollBack()
}

extension TransactionConnection {
    /// Runs `body` in a transaction; commits when it returns, rolls back when it throws.
    package func transaction<Value>(_ body: () throws -> Value) throws -> Value {
        try begin()
        let value: Value
        do { value = try body() } catch {
            rollBack()
            throw error
        }
        try commit()
        return value
    }
}

/// A prepared statement: bind from 1, step, read columns from 0, reset.
package protocol SQLStatement: AnyObject {
    func bind(_ value: Int64, at index: Int)
    func bind(_ text: String, at index: Int)
    func bind(_ bytes: UnsafeRawBufferPointer, at index: Int)
    func bindNull(at index: Int)
    /// - Returns: true if there is a row to read; false at the end.
    func step() throws(StorageError) -> Bool
    /// Makes the statement ready for the next use; parameters are null again.
    func reset()
    /// Executes a writing statement with what is bound, and resets it. Over a wire that is only begun: many go without
    /// waiting for each, rows of one statement together, and errors come from ``SQLConnection/flush()`` or the next step of any
    /// statement. What replaces rows must name each of them once until then.
    /// - Parameter rows: how many rows it must change; nil for any number. Others are `StorageError.misuse`.
    func enqueue(changing rows: Int?) throws(StorageError)
    /// Rows changed by the last step of a writing statement.
    var changes: Int { get }
    func isNull(_ column: Int) -> Bool
    func int64(_ column: Int) -> Int64
    func text(_ column: Int) -> String
    func bytes<Value>(_ column: Int, _ body: (UnsafeRawBufferPointer) -> Value) -> Value
}

/// A value to be bound where convenience counts for more than speed.
package enum SQLValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case text(String)
    case blob([UInt8])

    package init(_ value: Int64?) { self = value.map { .integer($0) } ?? .null }
    package init(_ value: String?) { self = value.map { .text($0) } ?? .null }
    package init(_ value: Bool) { self = .integer(value ? 1 : 0) }
    package init(_ value: Money) { self = .integer(value.picoDollars) }
    package init(_ value: Instant?) { self = value.map { .integer($0.microseconds) } ?? .null }
    package init<Entity>(_ value: Identifier<Entity>) { self = .integer(value.rawValue) }
    package init(_ value: CallID) { self = .blob(value.bytes) }
}

extension SQLStatement {
    package func enqueue() throws(StorageError) { try enqueue(changing: nil) }

    package func bind(_ value: SQLValue, at index: Int) {
        switch value {
        case .null: bindNull(at: index)
        case .integer(let value): bind(value, at: index)
        case .text(let text): bind(text, at: index)
        case .blob(let bytes): bytes.withUnsafeBytes { bind($0, at: index) }
        }
    }

    package func bind(_ id: CallID, at index: Int) {
        withUnsafeTemporaryAllocation(byteCount: 16, alignment: 8) { buffer in
            buffer.storeBytes(of: id.high.bigEndian, toByteOffset: 0, as: UInt64.self)
            buffer.storeBytes(of: id.low.bigEndian, toByteOffset: 8, as: UInt64.self)
            bind(UnsafeRawBufferPointer(buffer), at: index)
        }
    }

    package func bind(_ text: String?, at index: Int) {
        if let text { bind(text, at: index) } else { bindNull(at: index) }
    }

    package func bind(_ value: Int64?, at index: Int) {
        if let value { bind(value, at: index) } else { bindNull(at: index) }
    }

    package func optionalInt64(_ column: Int) -> Int64? { isNull(column) ? nil : int64(column) }
    package func optionalText(_ column: Int) -> String? { isNull(column) ? nil : text(column) }
    package func bool(_ column: Int) -> Bool { int64(column) != 0 }
    package func money(_ column: Int) -> Money { Money(picoDollars: int64(column)) }
    package func instant(_ column: Int) -> Instant { Instant(microseconds: int64(column)) }
    package func optionalInstant(_ column: Int) -> Instant? { isNull(column) ? nil : instant(column) }
    package func id<Entity>(_ column: Int, _: Identifier<Entity>.Type = Identifier<Entity>.self) -> Identifier<Entity> {
        Identifier(int64(column))
    }
    package func blob(_ column: Int) -> [UInt8] { bytes(column) { Array($0) } }

    /// - Returns: nil unless the column holds sixteen bytes.
    package func callID(_ column: Int) -> CallID? { bytes(column) { CallID(bytes: $0) } }
}

extension SQLConnection {
    /// Runs a statement that gives no rows. - Returns: how many rows it changed.
    @discardableResult
    package func execute(_ sql: String, _ values: SQLValue...) throws(StorageError) -> Int {
        let statement = try prepare(sql)
        defer { statement.reset() }
        for (index, value) in values.enumerated() { statement.bind(value, at: index + 1) }
        _ = try statement.step()
        return statement.changes
    }

    /// Reads all rows of a query.
    package func query<Value>(
        _ sql: String,
        _ values: SQLValue...,
        row: (any SQLStatement) throws -> Value
    ) throws -> [Value] {
        try query(sql, values: values, row: row)
    }

    package func query<Value>(
        _ sql: String,
        values: [SQLValue],
        row: (any SQLStatement) throws -> Value
    ) throws -> [Value] {
        let statement = try prepare(sql)
        defer { statement.reset() }
        for (index, value) in values.enumerated() { statement.bind(value, at: index + 1) }
        var rows: [Value] = []
        while try statement.step() { rows.append(try row(statement)) }
        return rows
    }

    /// Inserts a row. - Returns: its id, by the `RETURNING id` that `sql` must end with.
    package func insert(_ sql: String, _ values: SQLValue...) throws -> Int64 {
        let statement = try prepare(sql)
        defer { statement.reset() }
        for (index, value) in values.enumerated() { statement.bind(value, at: index + 1) }
        guard try statement.step() else { throw StorageError.misuse("an insert gave no id") }
        let id = statement.int64(0)
        // SQLite finishes the insert with the step that ends it.
        while try statement.step() {}
        return id
    }
}

extension CallID {
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(16)
        for word in [high, low] {
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
        return bytes
    }

    package init?(bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 16 else { return nil }
        self.init(
            high: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
            low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        )
    }
}
