import Dispatch
import Domain
import Glibc
import Logging
import Synchronization

/// This process's sign of life: its beat, on a connection of its own, and with it the duties that one replica has for all.
///
/// It lives as long as its last beat that is known to have been committed is younger than half of what makes others take it for
/// dead; the age counts from before that beat was sent.
final class ReplicaPulse: Pulse {
    private let database: any LedgerDatabase
    private let replica: ReplicaID
    private let startedAt: Instant
    private let freshNanoseconds: UInt64
    private let logger: Logger
    private let clock: @Sendable () -> Instant
    /// Monotonic nanoseconds.
    private let beatAt: Atomic<UInt64>
    private let dutyUntil = Atomic<UInt64>(0)
    private let isStopped = Atomic(false)
    private let ended = DispatchSemaphore(value: 0)

    /// Between two beats.
    private let intervalNanoseconds: UInt64
    /// Beats further apart than this are a gap.
    private let gapNanoseconds: UInt64

    /// - Parameters:
    ///   - startedAt: as its row says.
    ///   - deadNanoseconds: after which others take this process for dead.
    init(
        database: any LedgerDatabase,
        replica: ReplicaID,
        startedAt: Instant,
        deadNanoseconds: UInt64,
        logger: Logger,
        clock: @escaping @Sendable () -> Instant
    ) {
        self.database = database
        self.replica = replica
        self.startedAt = startedAt
        freshNanoseconds = deadNanoseconds / 2
        gapNanoseconds = min(5_000_000_000, deadNanoseconds / 2)
        intervalNanoseconds = min(1_000_000_000, deadNanoseconds / 8)
        self.logger = logger
        self.clock = clock
        beatAt = Atomic(DispatchTime.now().uptimeNanoseconds)
    }

    var isFresh: Bool { age < freshNanoseconds }

    /// Of the last beat, in nanoseconds.
    private var age: UInt64 { DispatchTime.now().uptimeNanoseconds &- beatAt.load(ordering: .acquiring) }

    /// Signing, folding, alerts, renewals: what one replica does for all.
    var hasDuty: Bool { DispatchTime.now().uptimeNanoseconds < dutyUntil.load(ordering: .acquiring) }

    func start() {
        DispatchQueue(label: "tokenaudit.pulse").async { [self] in
            var isTold = false
            while !isStopped.load(ordering: .acquiring) {
                do {
                    try beat()
                    if isTold { logger.notice("this replica is seen to live again") }
                    isTold = false
                } catch StorageError.constraint(let cause) {
                    logger.critical("another process has this replica's number", metadata: ["cause": "\(cause)"])
                    // Its spool is booked by the next start.
                    _exit(70)
                } catch {
                    if !isTold { logger.error("this replica's beat failed", metadata: ["cause": "\(error)"]) }
                    isTold = true
                }
                usleep(UInt32(intervalNanoseconds / 1_000))
            }
            ended.signal()
        }
    }

    func beat() throws {
        let before = DispatchTime.now().uptimeNanoseconds
        let hasDuty = try database.withLedger(.upkeep) { connection in
            try connection.transaction {
                let now = try LedgerTime.read(connection) ?? clock()
                try ReplicaRows.beat(replica, startedAt: startedAt, now: now, connection)
                return try DutyRows.take(by: replica, now: now, connection)
            }
        }
        beatAt.store(before, ordering: .releasing)
        dutyUntil.store(hasDuty ? before &+ DutyRows.nanoseconds : 0, ordering: .releasing)
    }

    /// Whether this process has been seen to live all the time of late.
    var isRegular: Bool { age < gapNanoseconds }

    /// Waits for the last beat, and gives the duties up. Blocks.
    func stop() {
        isStopped.store(true, ordering: .releasing)
        ended.wait()
        dutyUntil.store(0, ordering: .releasing)
        try? database.withLedger(.upkeep) { connection in
            try connection.transaction { try DutyRows.leave(by: replica, connection) }
        }
    }
}
