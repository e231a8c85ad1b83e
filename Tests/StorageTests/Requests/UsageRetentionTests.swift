import Domain
import Testing

@testable import Storage

@Suite("raw usage is kept as long as it is said", .timeLimit(.minutes(5)))
struct UsageRetentionTests {
    private static let now = "2026-12-01"
    /// Before 22 October goes what is older than this.
    private static let keptSeconds: Int64 = 40 * 86_400

    private static func milliseconds(_ day: String) throws -> UInt64 {
        UInt64(try PartitionTests.instant(day).microseconds / 1_000)
    }

    /// Books with ranges from August on, where the engine has any.
    private static func stage(on engine: Engine) throws -> TestDatabase {
        let stage = try TestDatabase(on: engine, isMigrated: false)
        try Migrations.run(on: stage.database, additiveOnly: true, now: Instant(microseconds: 1))
        try Books.fill(stage.database, grants: [Money(picoDollars: 1_000_000_000)])
        if let upkeep = PartitionUpkeep(stage.database) {
            for day in ["2026-08-15", "2026-09-15", "2026-10-15", "2026-11-15", now] {
                _ = try upkeep.extend(now: PartitionTests.instant(day))
            }
        }
        return stage
    }

    private static func writer(_ stage: TestDatabase) -> BatchWriter {
        BatchWriter(
            database: stage.database,
            lane: .settlements,
            openCalls: OpenCalls(),
            memory: LedgerBatch.Memory(replica: ReplicaID(1)),
            newest: Instant(microseconds: 1),
            batchMicroseconds: 1_000_000
        ) { Instant(microseconds: 5) }
    }

    private static func serve(_ numbers: Range<UInt64>, on day: String, _ writer: BatchWriter) throws {
        let at = try milliseconds(day)
        let admissions = numbers.map { number in
            JournalWork.admit(
                PendingAdmission(Books.request(number, bound: Money(picoDollars: 100), at: at), queuedAt: 0) { _ in }
            )
        }
        let admitted = try writer.commit(admissions[...], trustsMemory: true)
        let settlements = zip(numbers, admitted.answers).compactMap { number, answer -> JournalWork? in
            guard case .held(let hold)? = answer else { return nil }
            return .settle(
                PendingSettlement(Books.settlement(number, hold: hold, charge: Money(picoDollars: 40), at: at))
            )
        }
        #expect(settlements.count == numbers.count)
        _ = try writer.commit(settlements[...], trustsMemory: true)
    }

    private static func retention(_ stage: TestDatabase) throws -> UsageRetention {
        let now = try PartitionTests.instant(now)
        return UsageRetention(database: stage.database) { now }
    }

    private static func count(_ table: String, _ stage: TestDatabase) throws -> Int64? {
        try stage.database.read { try $0.query("SELECT COUNT(*) FROM \(table)") { $0.int64(0) }.first }
    }

    /// Until there is no more. - Returns: ranges dropped, rows deleted, steps.
    private static func expire(_ stage: TestDatabase) throws -> (ranges: [String], rows: Int, steps: Int) {
        let retention = try retention(stage)
        var (ranges, rows, steps) = ([String](), 0, 0)
        while true {
            let step = try retention.expireStep(keptSeconds: keptSeconds)
            (ranges, rows, steps) = (ranges + step.ranges, rows + step.rows, steps + 1)
            if !step.hasMore { return (ranges, rows, steps) }
        }
    }

    @Test(
        "what is older goes, by whole months on PostgreSQL; every bill stays, and is proven",
        arguments: Engine.allCases
    )
    func expire(engine: Engine) throws {
        let stage = try Self.stage(on: engine)
        let writer = Self.writer(stage)
        for (start, day) in [
            (0, "2026-08-15"), (300, "2026-09-15"), (400, "2026-10-15"), (500, "2026-10-25"), (600, "2026-12-01"),
        ] as [(UInt64, String)] {
            try Self.serve(start..<(start + (start == 0 ? 300 : 100)), on: day, writer)
        }
        let first = try Self.expire(stage)
        if engine == .postgres {
            #expect(first.ranges == ["api_request_usage_to_20260831", "api_request_usage_to_20260930"])
            #expect(first.rows == 0)
            // October is not over everywhere.
            #expect(try Self.count("api_request_usage", stage) == 300)
        } else {
            #expect(first.ranges == [] && first.rows == 500 && first.steps == 4)
            #expect(try Self.count("api_request_usage", stage) == 200)
        }
        #expect(try Self.count("api_requests WHERE state = 1 AND charge = 40", stage) == 700)
        #expect(try LedgerVerifier.verify(stage.database).differences == [])
        // Nothing more goes, until something comes late.
        #expect(try Self.expire(stage) == ([], 0, 1))
        try Self.serve(900..<910, on: "2026-08-20", writer)
        #expect(try Self.expire(stage) == ([], 10, 1))
        #expect(try LedgerVerifier.verify(stage.database).differences == [])
        try stage.database.close()
    }

    @Test(
        "a bill whose raw usage has had its time says so, whether rows are there still or not",
        arguments: Engine.allCases
    )
    func told(engine: Engine) async throws {
        let stage = try Self.stage(on: engine)
        let writer = Self.writer(stage)
        for (number, day) in [(1, "2026-10-21"), (2, "2026-10-23")] as [(UInt64, String)] {
            try Self.serve(number..<(number + 1), on: day, writer)
        }
        let now = try PartitionTests.instant(Self.now)
        let desk = ControlDesk(writer: stage.database, reader: stage.database) { now }
        let old = Books.call(1, at: try Self.milliseconds("2026-10-21")).id
        let young = Books.call(2, at: try Self.milliseconds("2026-10-23")).id
        for isExpired in [false, true] {
            let log = CallStore(desk: desk) { isExpired ? Self.keptSeconds : nil }
            let detail = try #require(try await log.call(old, of: nil))
            #expect(detail.isRawUsageExpired == isExpired)
            #expect(detail.rawUsage == (isExpired ? nil : #"{"prompt_tokens":5}"#))
            #expect(detail.call.bill.charge == Money(picoDollars: 40))
            let other = try #require(try await log.call(young, of: nil))
            #expect(!other.isRawUsageExpired && other.rawUsage == #"{"prompt_tokens":5}"#)
        }
    }

    @Test("calls are settled beside it as ever", arguments: Engine.allCases)
    func traffic(engine: Engine) async throws {
        let stage = try Self.stage(on: engine)
        let at = try Self.milliseconds("2026-08-15")
        try stage.database.write { connection in
            let insert = try connection.prepare("INSERT INTO api_request_usage (call_id, usage) VALUES (?, ?)")
            for number in 0..<5_000 as Range<UInt64> {
                insert.bind(Books.call(number, at: at).id, at: 1)
                insert.bind(SQLValue.blob([1]), at: 2)
                try insert.enqueue(changing: 1)
            }
            try connection.flush()
        }
        let storage = try stage.serve()
        let now = try Self.milliseconds(Self.now)
        let retention = try Self.retention(stage)
        async let traffic = Traffic.run(storage.journal, threads: 4, calls: 50) { _ in now }
        for _ in 0..<100 {
            do {
                let step = try await retention.expire(keptSeconds: Self.keptSeconds)
                if !step.hasMore { break }
            } catch StorageError.contended {}
        }
        let outcome = try await traffic
        #expect(outcome.settled == 200)
        #expect(outcome.slowest < .seconds(2), "a settlement took \(outcome.slowest)")
        #expect(try Self.count("api_request_usage", stage) == 200)
        #expect(try LedgerVerifier.verify(stage.database).differences == [])
        try await storage.close()
    }
}
