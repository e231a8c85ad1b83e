import Domain
import Logging

/// What a start found of processes that died, and what became of it.
package struct RecoverySummary: Hashable, Sendable {
    package var deadReplicas = 0
    package var spooledSettlements = 0
    /// Open calls that a policy closed.
    package var resolvedCalls = 0
    /// Records that could not be booked: their calls keep their holds until an operator decides.
    package var quarantined = 0
}

/// Closes what dead processes left open: first what their spools hold, exactly; then the rest, by policy.
///
/// On an embedded database the lock beside it proves that no other server lives. Every step is idempotent: a process that
/// dies here is itself recovered from by the next. A record that cannot be booked never keeps a server from starting: it
/// is quarantined.
struct Recovery {
    // `state IN (0, 3)` is what the partial index says; without it these would read all calls there ever were.
    static let markUncertain =
        "UPDATE api_requests SET state = 3 WHERE state IN (0, 3) AND state = 0 AND replica_id = ?"
    static let selectUncertain =
        "SELECT \(OpenCall.columns) FROM api_requests WHERE state IN (0, 3) AND state = 3 AND replica_id = ? AND id NOT IN (SELECT call_id FROM quarantine) ORDER BY id LIMIT 128"

    private let database: SQLiteDatabase
    private let replica: ReplicaID
    private let policy: UncertainPolicy
    private let logger: Logger
    private let now: Instant
    private var nextLeaf: Int64 = 0
    private var summary = RecoverySummary()

    private init(
        _ database: SQLiteDatabase,
        replica: ReplicaID,
        policy: UncertainPolicy,
        logger: Logger,
        now: Instant
    ) {
        self.database = database
        self.replica = replica
        self.policy = policy
        self.logger = logger
        self.now = now
    }

    static func run(
        _ database: SQLiteDatabase,
        replica: ReplicaID,
        spools: [ReplicaID: String],
        policy: UncertainPolicy,
        logger: Logger,
        now: Instant
    ) throws -> RecoverySummary {
        var recovery = Recovery(database, replica: replica, policy: policy, logger: logger, now: now)
        let dead = try database.read { connection in
            try connection.query(
                "SELECT id FROM replicas WHERE ended_at IS NULL AND id <> ? ORDER BY id",
                SQLValue(replica)
            ) { $0.id(0, ReplicaID.self) }
        }
        // Spools are found by their files: the books may be an older copy that does not know who wrote them.
        for deadReplica in Set(dead).union(spools.keys).sorted() where deadReplica != replica {
            try recovery.recover(deadReplica, spoolPath: spools[deadReplica])
        }
        return recovery.summary
    }

    private mutating func recover(_ dead: ReplicaID, spoolPath: String?) throws {
        if let spoolPath {
            switch try Spool.replay(path: spoolPath, { try replay($0) }) {
            case .isLocked:
                logger.warning("a spool is still in use; its calls are left alone", metadata: ["replica": "\(dead)"])
                return
            case .taken(let count): summary.spooledSettlements += count
            }
        }
        summary.deadReplicas += 1
        _ = try database.write { connection in
            try connection.execute(
                Self.markUncertain,
                SQLValue(dead)
            )
        }
        Failpoint.hit("recovery.marked")
        while true {
            let open = try database.read { try $0.query(Self.selectUncertain, SQLValue(dead), row: OpenCall.init) }
            if open.isEmpty { break }
            try resolve(open)
            Failpoint.hit("recovery.resolved")
            logger.info("calls of a dead process resolved", metadata: ["count": "\(summary.resolvedCalls)"])
        }
        _ = try database.write { connection in
            try connection.execute("UPDATE replicas SET ended_at = ? WHERE id = ?", SQLValue(now), SQLValue(dead))
        }
    }

    private mutating func replay(_ records: [[UInt8]]) throws {
        for record in records {
            guard let settlement = SettlementCoding.decode(record) else {
                // Its checksum is right, so a newer program may have written it; the call's id comes first in every version.
                guard let id = record.dropFirst().prefix(16).withUnsafeBytes({ CallID(bytes: $0) }) else {
                    throw StorageError.unusable("a spooled settlement is unreadable")
                }
                try quarantine(id, record: record, cause: "unreadable in the spool")
                continue
            }
            try bookOrQuarantine(settlement.call.id, record: record) { batch in
                let closing = try batch.settle(settlement, isOpen: false)
                return closing.isRemarkable ? closing : nil
            }
        }
    }

    private mutating func resolve(_ calls: [OpenCall]) throws {
        let policy = policy
        do {
            try book { batch in for call in calls { _ = try batch.resolve(call, by: policy) } }
            summary.resolvedCalls += calls.count
        } catch {
            for call in calls {
                let isBooked = try bookOrQuarantine(call.call.id, record: []) { batch in
                    _ = try batch.resolve(call, by: policy)
                    return nil
                }
                if isBooked { summary.resolvedCalls += 1 }
            }
        }
    }

    /// Books one record alone; what fails twice for what it is, is set aside.
    /// - Parameter body: gives the closing back where an operator has to hear of it.
    /// - Returns: whether it was booked.
    @discardableResult
    private mutating func bookOrQuarantine(
        _ id: CallID,
        record: [UInt8],
        _ body: (inout LedgerBatch) throws -> Closing?
    ) throws -> Bool {
        for isLast in [false, true] {
            do {
                var remarkable: Closing?
                try book { remarkable = try body(&$0) }
                if let remarkable { logger.report(remarkable, of: id) }
                return true
            } catch let cause {
                switch cause {
                case is LedgerError, StorageError.constraint:
                    if isLast { try quarantine(id, record: record, cause: "\(cause)") }
                default: throw cause
                }
            }
        }
        return false
    }

    /// One ledger transaction of this replica's.
    private mutating func book(_ body: (inout LedgerBatch) throws -> Void) throws {
        let (first, replica, now) = (nextLeaf, replica, now)
        nextLeaf = try database.write { connection in
            var memory = LedgerBatch.Memory(replica: replica)
            memory.nextLeaf = first
            var batch = LedgerBatch(connection, memory: memory, now: now)
            try body(&batch)
            return try batch.finish().nextLeaf
        }
    }

    private mutating func quarantine(_ id: CallID, record: [UInt8], cause: String) throws {
        logger.critical("a call was quarantined", metadata: ["call": "\(id)", "cause": "\(cause)"])
        let now = now
        try database.write { try QuarantineRows.insert(id, record: record, cause: cause, now: now, $0) }
        summary.quarantined += 1
    }
}
