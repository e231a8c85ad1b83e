package import Domain
package import Logging

/// A database server as one of its replicas holds it: migrated, beating, with its journal and its spool.
package final class SharedStorage: Sendable {
    package let database: ServerDatabase
    package let journal: BatchJournal
    package let replica: ReplicaID
    package let recovery: RecoverySummary
    package let rates: SharedRateCounter
    /// What the names of this host's files begin with.
    package let path: String
    private let pulse: ReplicaPulse
    private let watch: ReplicaWatch
    private let clock: @Sendable () -> Instant

    /// Opens for serving. Blocks.
    /// - Parameters:
    ///   - folder: on this host, outliving the process: spools, checkpoints.
    ///   - deadNanoseconds: after which a silent replica is dead; longer than the longest call.
    package init(
        _ database: ServerDatabase,
        folder: String,
        settings: JournalSettings,
        deadNanoseconds: UInt64,
        uncertainPolicy: UncertainPolicy,
        logger: Logger,
        clock: @escaping @Sendable () -> Instant
    ) throws {
        self.database = database
        self.clock = clock
        try Migrations.run(on: database, additiveOnly: true, now: clock())
        try DatabaseCopy.expectWhole(database)
        let path = try Self.path(in: folder, of: database)
        self.path = path
        let spools = Spool.all(of: path)
        let (replica, startedAt) = try database.write {
            let now = try LedgerTime.now(clock, $0)
            return (try ReplicaRows.insert(after: spools.keys.max() ?? ReplicaID(0), now: now, $0), now)
        }
        self.replica = replica
        rates = SharedRateCounter(database: database, replica: replica, logger: logger, clock: clock)
        pulse = ReplicaPulse(
            database: database,
            replica: replica,
            startedAt: startedAt,
            deadNanoseconds: deadNanoseconds,
            logger: logger,
            clock: clock
        )
        try pulse.beat()
        // A spool that nobody holds proves that its process has ended, wherever the others run.
        var recovery = Recovery(database, as: replica, policy: uncertainPolicy, logger: logger, clock: clock)
        for (dead, spool) in spools.sorted(by: { $0.key < $1.key }) {
            try recovery.recover(dead, spoolPath: spool)
        }
        self.recovery = recovery.summary
        journal = try BatchJournal(
            database: database,
            replica: replica,
            pulse: pulse,
            spoolPath: Spool.path(of: replica, database: path),
            firstLeaf: try database.read { try AuditLeaves.next(of: replica, $0) },
            settings: settings,
            logger: logger,
            clock: clock
        )
        watch = ReplicaWatch(
            database: database,
            replica: replica,
            pulse: pulse,
            deadNanoseconds: deadNanoseconds,
            policy: uncertainPolicy,
            logger: logger,
            clock: clock
        )
        pulse.start()
        watch.start()
        journal.start()
        rates.start()
    }

    /// Reading sessions that a server needs.
    package static let readers = StorageReports.width + ControlDesk.readers + AuditSigner.readers + 2

    /// What one replica does for all is this one's to do.
    package var hasDuty: Bool { pulse.hasDuty }

    /// By the beat: whoever asks need not wait for a server that has fallen silent.
    package var isAnswering: Bool { pulse.isRegular }

    /// Files of different databases in one folder are told apart by a name that the database has of itself.
    package static func path(in folder: String, of database: any Database) throws -> String {
        let name = try database.write { connection in
            if let known = try IdentityRows.name(connection) { return known }
            let made = String(UInt64.random(in: .min ... .max), radix: 36)
            try IdentityRows.set(made, connection)
            return made
        }
        return (folder.hasSuffix("/") ? folder : folder + "/") + name
    }

    /// Whether a replica has beaten of late.
    package static func isServed(_ database: any Database) throws -> Bool {
        try database.read { connection in
            let newest = try connection.query("SELECT MAX(beat_at) FROM replicas WHERE ended_at IS NULL") {
                $0.optionalInstant(0)
            }
            guard let beat = newest.first ?? nil, let now = try LedgerTime.read(connection) else { return false }
            return now.microseconds - beat.microseconds < 15_000_000
        }
    }

    package func close() async throws {
        await journal.stop()
        let (database, replica, clock, isEmpty) = (database, replica, clock, journal.spooled == 0)
        try? await BlockingThreads.run { [pulse, watch] in
            watch.stop()
            pulse.stop()
            if isEmpty {
                try database.write { try ReplicaRows.leave(replica, now: LedgerTime.now(clock, $0), $0) }
            }
            database.close()
        }
    }
}
