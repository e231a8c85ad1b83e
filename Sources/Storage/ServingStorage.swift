package import Domain

/// A database as a server holds it: migrated, recovered, with its journal.
package struct ServingStorage: Sendable {
    package let database: any Database
    /// For reports and the control plane: reading connections of their own, so that the data plane never waits for one.
    package let reports: any Database
    package let journal: BatchJournal
    package let replica: ReplicaID
    package let recovery: RecoverySummary
    /// What the names of the files beside the database begin with: spools, checkpoints, bodies.
    package let path: String
    /// Hears of changes by other processes, where the database tells of them.
    package let listener: PostgresListener?
    /// Nil where no other process counts rates.
    package let rates: (any RateCounter)?
    /// No other process serves this database.
    package let isAlone: Bool
    /// Whether this process does what is done once for all replicas.
    package let hasDuty: @Sendable () -> Bool
    /// Whether the database answers; itself answered in bounded time.
    package let isAnswering: @Sendable () async -> Bool
    /// Marks this process as ended and closes; the journal is stopped if it was not. What could not be committed is found by
    /// the next start, which then takes this process for dead.
    package let close: @Sendable () async throws -> Void

    /// `sqlite`, `postgres`, `mysql`.
    var engine: String { journal.database.dialect.rawValue }
}

extension EmbeddedStorage {
    package var serving: ServingStorage {
        ServingStorage(
            database: database,
            reports: reports,
            journal: journal,
            replica: replica,
            recovery: recovery,
            path: database.path,
            listener: nil,
            rates: nil,
            isAlone: true,
            hasDuty: { true },
            isAnswering: { [database] in
                let answer = try? await database.reading { connection in
                    try connection.query("SELECT 1") { $0.int64(0) }.first
                }
                return answer == 1
            },
            close: close
        )
    }
}

extension SharedStorage {
    package var serving: ServingStorage {
        ServingStorage(
            database: database,
            reports: database,
            journal: journal,
            replica: replica,
            recovery: recovery,
            path: path,
            listener: database.listener,
            rates: rates,
            isAlone: false,
            hasDuty: { [self] in hasDuty },
            isAnswering: { [self] in isAnswering },
            close: close
        )
    }
}
