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
/// That they are dead is proven before: by the lock beside an embedded database, by a spool that nobody holds, or by a beat that
/// has stood still for long. Every step is idempotent: a process that dies here is itself recovered from by the next. A record
/// that cannot be booked never keeps a server from starting: it is quarantined.
struct Recovery {
    // `state IN (0, 3)` is what the partial index says; without it these would read all calls there ever were.
    static let markUncertain =
        "UPDATE api_requests SET state = 3 WHERE state IN (0, 3) AND state = 0 AND replica_id = ?"
    static let selectUncertain =
        "SELECT \(OpenCall.columns) FROM api_requests WHERE state IN (0, 3) AND state = 3 AND replica_id = ? AND id NOT IN (SELECT call_id FROM quarantine) ORDER BY id LIMIT 128"

    private let database: any Database
    private let replica: ReplicaID
    private let policy: UncertainPolicy
    private let logger: Logger
    private let clock: @Sendable () -> Instant
    private(set) var summary = RecoverySummary()

    /// - Parameter replica: whose leaves are written: no journal may count on their numbers meanwhile.
    init(
        _ database: any Database,
        as replica: ReplicaID,
        policy: UncertainPolicy,
        logger: Logger,
        clock: @escaping @Sendable () -> Instant
    ) {
        self.database = database
        self.replica = replica
        self.policy = policy
        self.logger = logger
        self.clock = clock
    }

    /// Replicas that have not ended, besides one's own.
    static func running(besides replica: ReplicaID, _ connection: any SQLConnection) throws -> Set<ReplicaID> {
        Set(
            try connection.query(
                "SELECT id FROM replicas WHERE ended_at IS NULL AND id <> ? ORDER BY id",
                SQLValue(replica)
            ) { $0.id(0, ReplicaID.self) }
        )
    }

    /// - Parameters:
    ///   - spoolPath: where it left settlements; nil where that cannot be known from here.
    ///   - isDead: asked in the transaction that makes its calls uncertain.
    /// - Returns: false if it is not dead.
    @discardableResult
    mutating func recover(
        _ dead: ReplicaID,
        spoolPath: String?,
        if isDead: @Sendable (any SQLConnection) throws -> Bool = { _ in true }
    ) throws -> Bool {
        if let spoolPath {
            switch try Spool.replay(path: spoolPath, { try replay($0) }) {
            case .isLocked:
                logger.warning("a spool is still in use; its calls are left alone", metadata: ["replica": "\(dead)"])
                return false
            case .taken(let count): summary.spooledSettlements += count
            }
        }
        let isMarked = try database.write { connection in
            guard try isDead(connection) else { return false }
            try connection.execute(Self.markUncertain, SQLValue(dead))
            return true
        }
        guard isMarked else { return false }
        summary.deadReplicas += 1
        Failpoint.hit("recovery.marked")
        while true {
            let open = try database.read { try $0.query(Self.selectUncertain, SQLValue(dead), row: OpenCall.init) }
            if open.isEmpty { break }
            try resolve(open)
            Failpoint.hit("recovery.resolved")
            logger.info("calls of a dead process resolved", metadata: ["count": "\(summary.resolvedCalls)"])
        }
        try database.write { [clock] connection in
            guard try isDead(connection) else { return }
            try ReplicaRows.end(dead, now: LedgerTime.now(clock, connection), connection)
        }
        return true
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
            var needs = LedgerBatch.Needs()
            needs.settle(settlement, isOpen: false)
            try bookOrQuarantine(settlement.call.id, record: record, needs: needs) { batch in
                let closing = try batch.settle(settlement, isOpen: false)
                return closing.isRemarkable ? closing : nil
            }
        }
    }

    private mutating func resolve(_ calls: [OpenCall]) throws {
        let policy = policy
        do {
            var needs = LedgerBatch.Needs()
            for call in calls { needs.resolve(call.call.id) }
            try book(needs) { batch in for call in calls { _ = try batch.resolve(call, by: policy) } }
            summary.resolvedCalls += calls.count
        } catch {
            for call in calls {
                var needs = LedgerBatch.Needs()
                needs.resolve(call.call.id)
                let isBooked = try bookOrQuarantine(call.call.id, record: [], needs: needs) { batch in
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
        needs: LedgerBatch.Needs,
        _ body: (inout LedgerBatch) throws -> Closing?
    ) throws -> Bool {
        for isLast in [false, true] {
            do {
                var remarkable: Closing?
                try book(needs) { remarkable = try body(&$0) }
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

    /// One ledger transaction.
    private func book(_ needs: LedgerBatch.Needs, _ body: (inout LedgerBatch) throws -> Void) throws {
        try database.write { [replica, clock] connection in
            var memory = LedgerBatch.Memory(replica: replica)
            memory.nextLeaf = try AuditLeaves.next(of: memory.replica, connection)
            var batch = try LedgerBatch(connection, memory: memory, needs: needs) {
                try LedgerTime.now(clock, connection)
            }
            try body(&batch)
            _ = try batch.finish()
        }
    }

    private mutating func quarantine(_ id: CallID, record: [UInt8], cause: String) throws {
        logger.critical("a call was quarantined", metadata: ["request_id": "\(id)", "cause": "\(cause)"])
        try database.write { [clock] in
            try QuarantineRows.insert(id, record: record, cause: cause, now: LedgerTime.now(clock, $0), $0)
        }
        summary.quarantined += 1
    }
}
