import Domain
import Logging
import Synchronization
import Testing

@testable import Storage

@Suite("rates in the database", .timeLimit(.minutes(2)))
struct SharedRateCounterTests {
    private static func counter(_ database: any LedgerDatabase, of replica: Int64 = 1) -> SharedRateCounter {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return SharedRateCounter(database: database, replica: ReplicaID(replica), logger: logger) {
            Instant(microseconds: 1)
        }
    }

    private static func draw(_ id: Int64, perMinute: Int64 = 10, needs: [Int64] = [1], correction: Int64 = 0)
        -> RateDraw
    {
        RateDraw(
            bucket: RateBucket(subject: .key(APIKeyID(id)), measure: .requests),
            limit: perMinute,
            correction: correction,
            needs: needs
        )
    }

    @Test("what one replica draws is gone for the other, and what is owed stays", arguments: Engine.servers)
    func shared(engine: Engine) throws {
        let stage = try TestDatabase(on: engine)
        let other = try stage.another()
        let (one, two) = (Self.counter(stage.database), Self.counter(other))
        #expect(try one.drawing([Self.draw(7, needs: [4, 3])]).grants == [RateGrant(granted: 7, level: 3)])
        #expect(try two.drawing([Self.draw(7, needs: [4, 2])]).grants == [RateGrant(granted: 2, level: 1)])
        #expect(try two.drawing([Self.draw(7, needs: [], correction: -5)]).grants == [RateGrant(granted: 0, level: -4)])
        #expect(try one.drawing([Self.draw(7, needs: [1])]).grants == [RateGrant(granted: 0, level: -4)])
        #expect(try one.drawing([Self.draw(7, needs: [1], correction: 6)]).grants == [RateGrant(granted: 1, level: 1)])
        try other.close()
    }

    @Test("many buckets in one draw, known and new, in any order", arguments: Engine.servers)
    func many(engine: Engine) throws {
        let stage = try TestDatabase(on: engine)
        let counter = Self.counter(stage.database)
        for count in [1, 7, 300] {
            let draws = (1...count).reversed().map { Self.draw(Int64($0), perMinute: Int64($0) + 10) }
            let answer = try counter.drawing(draws)
            #expect(answer.grants.count == count && answer.grants.allSatisfy { $0.granted == 1 })
        }
        let rows = try stage.database.read {
            try $0.query("SELECT per_minute, level FROM rate_buckets ORDER BY id") { ($0.int64(0), $0.int64(1)) }
        }
        #expect(rows.count == 300 && rows.allSatisfy { $0.1 < $0.0 })
        #expect(rows.first?.1 == 8 && rows.last?.1 == 309)
    }

    @Test("replicas at once, also on a bucket's first draw: together as many as there are", arguments: Engine.servers)
    func atOnce(engine: Engine) async throws {
        let stage = try TestDatabase(on: engine)
        let others = try (0..<3).map { _ in try stage.another() }
        let granted = try await withThrowingTaskGroup(of: Int64.self) { group in
            for database in others {
                let counter = Self.counter(database)
                group.addTask {
                    try await BlockingThreads.run {
                        var granted: Int64 = 0
                        for _ in 0..<40 {
                            for ids in [[1, 2, 3], [3, 1], [2]] as [[Int64]] {
                                let draws = ids.map { Self.draw($0, perMinute: 50) }
                                granted += try Self.again { try counter.drawing(draws) }.grants.reduce(0) {
                                    $0 + $1.granted
                                }
                            }
                        }
                        return granted
                    }
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(granted == 150)
        for database in others { try database.close() }
    }

    /// A transaction that lost against another one has drawn nothing.
    private static func again<Value>(_ body: () throws -> Value) throws -> Value {
        for _ in 0..<20 {
            do { return try body() } catch StorageError.contended { continue }
        }
        return try body()
    }

    @Test("calls at a time: what others have is gone, unless they are dead or have ended", arguments: Engine.servers)
    func calls(engine: Engine) throws {
        let stage = try TestDatabase(on: engine)
        try stage.database.write { connection in
            for (beat, ended) in [(1, nil), (1, nil), (-20_000_000, nil), (1, 1)] as [(Int64, Int64?)] {
                try connection.execute(
                    "INSERT INTO replicas (started_at, beat_at, ended_at) VALUES (1, ?, ?)",
                    .integer(beat),
                    SQLValue(ended)
                )
            }
        }
        func draw(_ replica: Int64, kept: Int64 = 0, _ needs: [Int64] = []) throws -> RateGrant? {
            let bucket = RateBucket(subject: .user(UserID(7)), measure: .calls)
            let draw = RateDraw(bucket: bucket, limit: 5, kept: kept, needs: needs)
            return try Self.counter(stage.database, of: replica).drawing([draw]).grants.first
        }
        #expect(try draw(3, [1, 1, 1, 1]) == RateGrant(granted: 4, level: 1))
        #expect(try draw(4, [1]) == RateGrant(granted: 1, level: 4))
        #expect(try draw(1, [1, 1, 1]) == RateGrant(granted: 3, level: 2))
        #expect(try draw(2, [1, 1, 1]) == RateGrant(granted: 2, level: 0))
        #expect(try draw(1, kept: 1) == RateGrant(granted: 0, level: 2))
        #expect(try draw(2, kept: 2, [2]) == RateGrant(granted: 2, level: 0))
        try stage.database.withLedger(.rates) { connection in
            try connection.transaction { try RateSlotRows.forget(connection) }
        }
        let rows = try stage.database.read {
            try $0.query("SELECT replica_id, slots FROM rate_slots ORDER BY replica_id") { [$0.int64(0), $0.int64(1)] }
        }
        #expect(rows == [[1, 1], [2, 4], [3, 4]])
    }

    @Test("by the database's clock a bucket fills up again", arguments: Engine.servers)
    func time(engine: Engine) async throws {
        let stage = try TestDatabase(on: engine)
        let database = try stage.another(keepsHostTime: false)
        let counter = Self.counter(database)
        let began = ContinuousClock.now
        #expect(try counter.drawing([Self.draw(7, perMinute: 600, needs: [600])]).grants.first?.granted == 600)
        var granted: Int64 = 0
        while granted < 5 {
            granted += try counter.drawing([Self.draw(7, perMinute: 600)]).grants.first?.granted ?? 0
            try #require(ContinuousClock.now - began < .seconds(20))
        }
        // One each tenth of a second.
        #expect(ContinuousClock.now - began >= .milliseconds(400))
        try database.close()
    }

    @Test("living replicas are counted, and where the database is away there is no answer", arguments: Engine.servers)
    func replicas(engine: Engine) async throws {
        let stage = try TestDatabase(on: engine)
        let database = try stage.another()
        try database.write { connection in
            for (beat, ended) in [(1, nil), (1, nil), (1, 1), (-20_000_000, nil)] as [(Int64, Int64?)] {
                try connection.execute(
                    "INSERT INTO replicas (started_at, beat_at, ended_at) VALUES (1, ?, ?)",
                    .integer(beat),
                    SQLValue(ended)
                )
            }
        }
        let counter = Self.counter(database)
        let answer = await withCheckedContinuation { continuation in
            counter.draw([Self.draw(7)]) { continuation.resume(returning: $0) }
        }
        #expect(answer == RateAnswer(grants: [RateGrant(granted: 1, level: 9)], replicas: 2))
        try database.close()
        let none = await withCheckedContinuation { continuation in
            counter.draw([Self.draw(7)]) { continuation.resume(returning: $0) }
        }
        #expect(none == nil)
    }
}
