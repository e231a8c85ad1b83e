import Dispatch
import Domain
import Glibc
import Logging
import Synchronization

/// Closes by policy what dead replicas left open, see ``DeathWatch``. Whichever replica sees it first does it; a second one finds
/// nothing.
final class ReplicaWatch: Sendable {
    private static let intervalMicroseconds: UInt32 = 2_000_000
    // Whoever has open calls counts, whatever its row says.
    private static let selectBeats =
        "SELECT r.id, r.beat FROM replicas r WHERE r.id <> ? AND (r.ended_at IS NULL OR r.id IN (SELECT a.replica_id FROM api_requests a WHERE a.state IN (0, 3)))"
    private static let selectBeat = "SELECT beat FROM replicas WHERE id = ? FOR UPDATE"

    private let database: any Database
    private let replica: ReplicaID
    private let pulse: ReplicaPulse
    private let policy: UncertainPolicy
    private let logger: Logger
    private let clock: @Sendable () -> Instant
    private let watch: Mutex<DeathWatch>
    private let isStopped = Atomic(false)
    private let ended = DispatchSemaphore(value: 0)

    init(
        database: any Database,
        replica: ReplicaID,
        pulse: ReplicaPulse,
        deadNanoseconds: UInt64,
        policy: UncertainPolicy,
        logger: Logger,
        clock: @escaping @Sendable () -> Instant
    ) {
        self.database = database
        self.replica = replica
        self.pulse = pulse
        self.policy = policy
        self.logger = logger
        self.clock = clock
        watch = Mutex(DeathWatch(deadNanoseconds: deadNanoseconds))
    }

    func start() {
        DispatchQueue(label: "tokenaudit.replicas").async { [self] in
            while !isStopped.load(ordering: .acquiring) {
                do { try look() } catch {
                    logger.warning("other replicas could not be looked at", metadata: ["cause": "\(error)"])
                }
                usleep(Self.intervalMicroseconds)
            }
            ended.signal()
        }
    }

    /// Blocks.
    func look() throws {
        let beats = try database.read { connection in
            try connection.query(Self.selectBeats, SQLValue(replica)) { ($0.id(0, ReplicaID.self), $0.int64(1)) }
        }
        let dead = watch.withLock {
            $0.look(
                Dictionary(beats) { first, _ in first },
                ownIsRegular: pulse.isRegular,
                now: DispatchTime.now().uptimeNanoseconds
            )
        }
        for (replica, beat) in dead { try bury(replica, beat: beat) }
    }

    private func bury(_ dead: ReplicaID, beat: Int64) throws {
        // Of nobody who serves.
        var recovery = Recovery(database, as: ReplicaID(0), policy: policy, logger: logger, clock: clock)
        guard
            try recovery.recover(
                dead,
                spoolPath: nil,
                if: { connection in
                    try connection.query(Self.selectBeat, SQLValue(dead)) { $0.int64(0) }.first == beat
                }
            )
        else { return }
        logger.warning(
            "a replica is dead; its open calls are closed by policy",
            metadata: [
                "replica": "\(dead)", "resolved_calls": "\(recovery.summary.resolvedCalls)",
                "policy": "\(policy.rawValue)",
            ]
        )
    }

    /// Blocks until the last look is over.
    func stop() {
        isStopped.store(true, ordering: .releasing)
        ended.wait()
    }
}
