/// The journal's ways to the database: where there is more than one writer, settlements never wait behind admissions.
enum LedgerLane: Hashable, Sendable, CaseIterable {
    case settlements, admissions
    /// What is rare: beats, and the calls of dead replicas.
    case upkeep
    /// Rates that replicas count together: no money, and nothing that money waits for.
    case rates
}

/// A database as the journal writes it.
protocol LedgerDatabase: Database {
    var dialect: SQLDialect { get }
    /// Lends a lane's connection, without a transaction. Blocks while somebody else has it.
    func withLedger<Value>(_ lane: LedgerLane, _ body: (any TransactionConnection) throws -> Value) throws -> Value
}

extension SQLiteDatabase: LedgerDatabase {
    package var dialect: SQLDialect { .sqlite }

    /// There is one writer, whatever the lane.
    func withLedger<Value>(_ lane: LedgerLane, _ body: (any TransactionConnection) throws -> Value) throws -> Value {
        try withWriter { try body($0) }
    }
}
