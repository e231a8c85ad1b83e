/// A database server with sessions apart for each use, so that reports keep nobody waiting who spends money.
package final class ServerDatabase: Database {
    package let dialect: SQLDialect
    /// Hears of changes; nil where the server tells nobody.
    package let listener: PostgresListener?
    private let acts: SessionPool
    private let reports: SessionPool
    private let definitions: SessionPool
    private let lanes: [LedgerLane: SessionPool]

    /// An act that lost against another one is done again so often.
    private static let attempts = 4

    /// - Parameters:
    ///   - readers: reading sessions.
    ///   - open: opens a session; blocks.
    init(
        _ dialect: SQLDialect,
        readers: Int,
        listener: PostgresListener? = nil,
        open: @escaping @Sendable (SessionUse) throws -> any ServerConnection
    ) {
        self.dialect = dialect
        self.listener = listener
        acts = SessionPool(limit: 1, waitMilliseconds: 5_000) { try open(.acts) }
        reports = SessionPool(limit: readers, waitMilliseconds: 5_000) { try open(.reports) }
        definitions = SessionPool(limit: 1, waitMilliseconds: 5_000) { try open(.definitions) }
        var lanes: [LedgerLane: SessionPool] = [:]
        for lane in LedgerLane.allCases {
            lanes[lane] = SessionPool(limit: 1, waitMilliseconds: 5_000) {
                try open(lane == .rates ? .rates : .ledger)
            }
        }
        self.lanes = lanes
    }

    /// `body` may run more than once: where its transaction lost against another one.
    package func write<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value {
        var attempt = 1
        while true {
            do {
                return try acts.lend { connection in
                    try connection.transaction {
                        try connection.takeTurn()
                        return try body(connection)
                    }
                }
            } catch StorageError.contended(let cause) {
                guard attempt < Self.attempts else { throw StorageError.contended(cause) }
                attempt += 1
            }
        }
    }

    /// Runs what changes the form of tables: in one transaction, which gives up at once where others are in the way, and without
    /// keeping acts waiting.
    @discardableResult
    func defining<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value {
        try definitions.lend { connection in try connection.transaction { try body(connection) } }
    }

    package func read<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value {
        try reports.lend { connection in
            try connection.beginReading()
            defer { connection.rollBack() }
            return try body(connection)
        }
    }

    package func close() {
        acts.close()
        reports.close()
        definitions.close()
        for lane in lanes.values { lane.close() }
    }
}

extension ServerDatabase: LedgerDatabase {
    func withLedger<Value>(
        _ lane: LedgerLane,
        _ body: (any TransactionConnection) throws -> Value
    ) throws -> Value {
        guard let pool = lanes[lane] else { throw StorageError.misuse("a lane without sessions") }
        return try pool.lend { try body($0) }
    }
}
