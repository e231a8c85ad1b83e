package import Domain
import Glibc
package import Logging

/// The embedded database as a server holds it: locked, migrated, checkpointed, recovered, with its journal.
package final class EmbeddedStorage: Sendable {
    package let database: SQLiteDatabase
    /// For reports and the control plane: reading connections of their own, so that the data plane never waits for one.
    package let reports: SQLiteDatabase
    package let journal: BatchJournal
    package let replica: ReplicaID
    package let recovery: RecoverySummary
    private let lock: FileLock
    private let clock: @Sendable () -> Instant

    /// Opens for serving. Blocks; log lines show progress where it takes long.
    /// - Throws: `StorageError.busy` if another server has the file, else what opening, migrating or recovering says.
    package init(
        path: String,
        settings: JournalSettings,
        uncertainPolicy: UncertainPolicy,
        logger: Logger,
        clock: @escaping @Sendable () -> Instant
    ) throws {
        self.clock = clock
        // Through a symbolic link it is the same database, with the same lock.
        let path = Self.resolved(path)
        lock = try Self.lock(path: path)
        database = try SQLiteDatabase(path: path)
        try Migrations.run(on: database, additiveOnly: true, now: clock())
        try DatabaseCopy.expectWhole(database)
        try Self.emptyWAL(database, logger: logger)
        let spools = Spool.all(of: path)
        let newest = try database.read(LedgerTime.newestBooking)
        let now = max(clock(), newest)
        if now == newest, newest.microseconds - clock().microseconds > 1_000_000 {
            logger.warning(
                "the clock is behind the newest booking; the ledger's time stands still until it has caught up"
            )
        }
        replica = try database.write {
            try ReplicaRows.insert(after: spools.keys.max() ?? ReplicaID(0), now: now, $0)
        }
        var recovery = Recovery(database, as: replica, policy: uncertainPolicy, logger: logger, clock: clock)
        // The lock is ours, so all others are dead. Spools are found by their files: the books may be an older copy that does
        // not know who wrote them.
        let dead = try database.read { [replica] in try Recovery.running(besides: replica, $0) }.union(spools.keys)
        for replica in dead.sorted() { try recovery.recover(replica, spoolPath: spools[replica]) }
        self.recovery = recovery.summary
        let firstLeaf = try database.read { [replica] in try AuditLeaves.next(of: replica, $0) }
        journal = try BatchJournal(
            database: database,
            replica: replica,
            spoolPath: Spool.path(of: replica, database: path),
            firstLeaf: firstLeaf,
            newest: now,
            settings: settings,
            logger: logger,
            clock: clock
        )
        reports = try SQLiteDatabase(
            path: path,
            isReadOnly: true,
            maximumReaders: StorageReports.width + ControlDesk.readers + AuditSigner.readers
        )
        // While somebody else writes, settlements go to the spool rather than wait.
        try database.setBusyTimeout(milliseconds: 1_000)
        journal.start()
    }

    /// What an earlier process left in the WAL must be in the database before anything is built on it. Whoever reads the
    /// database meanwhile (`ledger verify`, a backup) is waited for.
    private static func emptyWAL(_ database: SQLiteDatabase, logger: Logger) throws {
        for attempt in 1...24 {
            do {
                try database.checkpoint(truncating: true)
                return
            } catch StorageError.busy {
                // Each attempt has waited for five seconds.
                logger.notice(
                    "waiting for another process that reads the database",
                    metadata: ["attempt": "\(attempt)"]
                )
            }
        }
        throw StorageError.unusable("another process has been reading it for two minutes; let that end first")
    }

    /// Keeps servers away from a database. - Throws: `StorageError.busy` while one has it.
    package static func lock(path: String) throws(StorageError) -> FileLock {
        try FileLock(path: resolved(path) + ".lock")
    }

    private static func resolved(_ path: String) -> String {
        guard let found = realpath(path, nil) else { return path }
        defer { free(found) }
        return String(cString: found)
    }

    /// Marks this process as ended, empties the WAL, closes; the journal is stopped if it was not. What could not be
    /// committed is found by the next start, which then takes this process for dead.
    package func close() async throws {
        await journal.stop()
        let (database, replica, now) = (database, replica, clock())
        if journal.spooled == 0 {
            try? await database.writing { try ReplicaRows.leave(replica, now: now, $0) }
        }
        try? reports.close()
        _ = try? database.checkpoint(truncating: true)
        defer { lock.release() }
        try database.close()
    }
}

extension EmbeddedStorage {
    /// Whether a server has the database now.
    package static func isServed(_ path: String) -> Bool {
        let descriptor = open(resolved(path) + ".lock", O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { Glibc.close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0
    }
}

/// An exclusive lock on a file, held until this value goes, at the latest with the process.
package final class FileLock: Sendable {
    private let descriptor: Int32

    init(path: String) throws(StorageError) {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .io("\(path) cannot be opened: \(String(cString: strerror(errno)))") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            Glibc.close(descriptor)
            throw .busy
        }
    }

    package func release() { flock(descriptor, LOCK_UN) }

    deinit { Glibc.close(descriptor) }
}
