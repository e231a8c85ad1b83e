import Dispatch
package import Domain
import Logging
import Synchronization

/// Counts rates for all replicas in the database, on a thread and a session of its own: neither calls' money nor reports wait for it.
///
/// What it commits may be lost with the server's power: then a few calls more get through, and no money is moved.
package final class SharedRateCounter: RateCounter {
    /// A draw that lost against another replica's is done again so often.
    private static let attempts = 2
    /// How long it is taken as known how many replicas there are.
    private static let countedNanoseconds: UInt64 = 5_000_000_000
    /// A replica that has beaten so lately is counted.
    private static let aliveMicroseconds: Int64 = 10_000_000
    private static let selectReplicas = "SELECT COUNT(*) FROM replicas WHERE ended_at IS NULL AND beat_at > ?"

    private struct State {
        var replicas: Int64 = 1
        var countedAt: UInt64?
        var isTold = false
    }

    private let database: any LedgerDatabase
    private let replica: ReplicaID
    private let logger: Logger
    private let clock: @Sendable () -> Instant
    private let thread = DispatchQueue(label: "tokenaudit.rates")
    /// Of the thread alone.
    private let state = Mutex(State())

    init(
        database: any LedgerDatabase,
        replica: ReplicaID,
        logger: Logger,
        clock: @escaping @Sendable () -> Instant
    ) {
        self.database = database
        self.replica = replica
        self.logger = logger
        self.clock = clock
    }

    /// Opens its session, so that no call waits for that.
    func start() {
        thread.async { [self] in
            try? database.withLedger(.rates) { connection in
                try connection.transaction { try RateSlotRows.forget(connection) }
            }
            _ = answer([])
        }
    }

    package func draw(_ draws: [RateDraw], then: @escaping @Sendable (RateAnswer?) -> Void) {
        thread.async { [self] in then(answer(draws)) }
    }

    private func answer(_ draws: [RateDraw]) -> RateAnswer? {
        for attempt in 1...Self.attempts {
            do {
                let answer = try drawing(draws)
                if state.withLock({ $0.isTold }) { logger.notice("rates are counted again") }
                state.withLock { $0.isTold = false }
                return answer
            } catch StorageError.contended where attempt < Self.attempts {
                continue
            } catch {
                let isTold = state.withLock { state in
                    defer { state.isTold = true }
                    return state.isTold
                }
                if !isTold { logger.error("rates cannot be counted", metadata: ["cause": "\(error)"]) }
                return nil
            }
        }
        return nil
    }

    /// One transaction. Blocks.
    func drawing(_ draws: [RateDraw]) throws -> RateAnswer {
        try database.withLedger(.rates) { connection in
            try connection.transaction { try answer(draws, connection) }
        }
    }

    private func answer(_ draws: [RateDraw], _ connection: any SQLConnection) throws -> RateAnswer {
        let read = { [clock] in try LedgerTime.read(connection) ?? clock() }
        var buckets = try RateBucketRows.lock(draws, now: { Uptime(try read()) }, connection)
        // Once the rows are ours: whoever had them before had an earlier one.
        let now = try read()
        let alive = Instant(microseconds: now.microseconds - Self.aliveMicroseconds)
        let others = try RateSlotRows.others(
            than: replica,
            of: draws.filter { $0.bucket.measure == .calls }.map(\.bucket.number),
            aliveAfter: alive,
            connection
        )
        var grants: [RateGrant] = []
        for draw in draws {
            let number = draw.bucket.number
            if draw.bucket.measure == .calls {
                let grant = draw.grant(besides: others[number] ?? 0)
                grants.append(grant)
                try RateSlotRows.set(draw.kept + grant.granted, of: replica, in: number, connection)
                continue
            }
            guard var bucket = buckets[number] else { throw StorageError.misuse("a bucket that is not there") }
            grants.append(bucket.draw(draw, at: Uptime(now)))
            buckets[number] = bucket
            try RateBucketRows.write(bucket, as: number, connection)
        }
        try connection.flush()
        return RateAnswer(grants: grants, replicas: try replicas(aliveAfter: alive, connection))
    }

    private func replicas(aliveAfter: Instant, _ connection: any SQLConnection) throws -> Int64 {
        let uptime = DispatchTime.now().uptimeNanoseconds
        let known = state.withLock { state in
            state.countedAt.flatMap { uptime &- $0 < Self.countedNanoseconds ? state.replicas : nil }
        }
        if let known { return known }
        let counted = try connection.query(Self.selectReplicas, SQLValue(aliveAfter)) { $0.int64(0) }.first ?? 1
        state.withLock { state in
            state.replicas = max(1, counted)
            state.countedAt = uptime
        }
        return max(1, counted)
    }
}
