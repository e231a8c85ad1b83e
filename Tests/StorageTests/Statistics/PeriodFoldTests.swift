import Foundation
import Testing

@testable import Domain
@testable import Storage

@Suite("folding quarters into days", .everyEngine, .namesEngine)
struct PeriodFoldTests {
    private static func books() throws -> (TestDatabase, any Database) {
        let books = try TestDatabase()
        try Books.fill(books.database, grants: [])
        return (books, books.database)
    }

    private static func insert(_ count: Int, at text: String, charge: Int64 = 1, into database: any Database) throws {
        let instant = try #require(Instant(parsing: text))
        try database.write { connection in
            let insert = try connection.prepare(
                "INSERT INTO usage_rollups (bucket, dimension, dimension_id, replica_id, requests, charge) VALUES (?, 1, ?, 1, 1, ?)"
            )
            for id in 0..<count {
                insert.bind(SQLValue(RollupPlan.quarter(of: instant)), at: 1)
                insert.bind(Int64(id), at: 2)
                insert.bind(charge, at: 3)
                try insert.enqueue(changing: 1)
            }
            try connection.flush()
        }
    }

    private static func count(_ table: String, _ database: any Database) throws -> Int64 {
        try database.read { try $0.query("SELECT COUNT(*) FROM \(table)") { $0.int64(0) } }.first ?? -1
    }

    @Test("a quarter is folded when it is over and a minute more")
    func waits() throws {
        let (books, database) = try Self.books()
        try Self.insert(1, at: "2026-03-01T10:00:00Z", into: database)
        let fold = PeriodFold(database: database, zones: [])
        #expect(try !fold.step(now: #require(Instant(parsing: "2026-03-01T10:15:30Z"))))
        #expect(try fold.step(now: #require(Instant(parsing: "2026-03-01T10:16:00Z"))))
        while try fold.step(now: #require(Instant(parsing: "2026-03-01T10:16:00Z"))) {}
        #expect(try Self.count("usage_periods", database) == 3)
        withExtendedLifetime(books) {}
    }

    @Test("a clock that leaps a year ahead and back drops nothing that is young, and days stay right")
    func clockLeaps() throws {
        let (books, database) = try Self.books()
        try Self.insert(3, at: "2026-03-01T10:00:00Z", into: database)
        let fold = PeriodFold(database: database, zones: ZoneFiles().zone(named: "Europe/Berlin").map { [$0] } ?? [])
        try fold.chooseZones()
        let ahead = try #require(Instant(parsing: "2027-03-01T10:00:00Z"))
        while try fold.step(now: ahead) {}
        #expect(try Self.count("usage_rollups", database) == 3)
        // What is booked now belongs to a quarter that was folded too early.
        var rollups = Rollups()
        let late = try Self.booking(at: "2026-03-01T10:10:00Z")
        rollups.add(late.0, closing: late.1, cacheSavings: .zero)
        try database.write { try rollups.flush(replica: ReplicaID(1), now: late.0.result.endedAt, $0) }
        #expect(try Self.count("usage_late", database) == UsageDimension.allCases.count)
        let back = try #require(Instant(parsing: "2026-03-01T10:20:00Z"))
        while try fold.step(now: back) {}
        #expect(try Self.count("usage_late", database) == 0)
        try database.read { connection in
            var report = VerifyReport()
            try RollupTiers(connection).compare(&report)
            #expect(report.differences == [])
            #expect(try EverRows.sums(.all, id: 0, connection)[.requests] == 1)
        }
        withExtendedLifetime(books) {}
    }

    static func booking(at text: String) throws -> (Settlement, Closing) {
        let hold = Hold(
            groupID: Books.group,
            multiplier: .one,
            amount: .zero,
            outputLimit: 1,
            isClamped: false,
            parts: []
        )
        let sample = Books.settlement(1, hold: hold, charge: .zero)
        let result = CallResult(
            outcome: .captured,
            usage: Usage(),
            charge: .zero,
            cost: .zero,
            flags: [],
            statusCode: 200,
            endedAt: try #require(Instant(parsing: text)),
            durationMilliseconds: 1,
            firstByteMilliseconds: nil,
            rawUsage: nil
        )
        let closing = Closing(
            action: .close,
            state: .captured,
            charge: .zero,
            chargeDelta: .zero,
            excess: .zero,
            flags: [],
            parts: [],
            entries: []
        )
        return (Settlement(call: sample.call, hold: hold, result: result), closing)
    }

    @Test("quarters older than thirty-five days go, whole days at a time, when every zone has them")
    func dropsOld() throws {
        let (books, database) = try Self.books()
        for day in ["2026-01-01", "2026-01-02", "2026-02-06"] {
            try Self.insert(2, at: "\(day)T23:50:00Z", into: database)
        }
        let fold = PeriodFold(database: database, zones: [])
        let now = try #require(Instant(parsing: "2026-02-07T12:00:00Z"))
        while try fold.step(now: now) {}
        let marks = try database.read(ZoneRows.marks)
        #expect(marks.quartersSince == Instant(parsing: "2026-01-02T00:00:00Z"))
        #expect(try Self.count("usage_rollups", database) == 4)
        let question = StatisticsQuestion(
            range: Instant(microseconds: 1_767_225_600_000_000)..<now,
            zone: .utc,
            step: .hour,
            dimension: .user,
            ids: [1]
        )
        #expect(throws: StatisticsError.onlyDays(before: marks.quartersSince)) {
            try database.read { try StatisticsReader.answer(question, now: now, $0) }
        }
        withExtendedLifetime(books) {}
    }

    @Test("what would take too long to read is refused before it is read")
    func tooMuch() throws {
        let (books, database) = try Self.books()
        for hour in 10..<12 { try Self.insert(30_000, at: "2026-03-01T\(hour):00:00Z", into: database) }
        let now = try #require(Instant(parsing: "2026-03-01T12:00:00Z"))
        let question = StatisticsQuestion(
            range: try #require(Instant(parsing: "2026-03-01T00:00:00Z"))..<now,
            zone: .utc,
            step: .day,
            dimension: .user
        )
        #expect(throws: StatisticsError.tooManyRows) {
            try database.read { try StatisticsReader.answer(question, now: now, $0) }
        }
        withExtendedLifetime(books) {}
    }

    @Test(
        "no statistics read calls, and none reads more than its range",
        arguments: [
            (QuarterRows.selectBucket, "PRIMARY KEY (bucket=? AND dimension=?)"),
            (
                QuarterRows.selectID,
                "usage_rollups_by_dimension (dimension=? AND dimension_id=? AND bucket>? AND bucket<?)"
            ),
            (PeriodRows.selectRange, "PRIMARY KEY (zone_id=? AND span=? AND dimension=? AND bucket>? AND bucket<?)"),
            (
                PeriodRows.selectOne,
                "PRIMARY KEY (zone_id=? AND span=? AND dimension=? AND bucket=? AND dimension_id=?)"
            ),
            (
                PeriodRows.selectSpan,
                "PRIMARY KEY (zone_id=? AND span=? AND dimension=? AND bucket=? AND dimension_id>? AND dimension_id<?)"
            ),
            (QuarterRows.selectSpan, "PRIMARY KEY (bucket=? AND dimension=? AND dimension_id>? AND dimension_id<?)"),
            (RefundRows.statements[.user] ?? "", "ledger_entries_refunds (created_at>? AND created_at<?)"),
            (QuarterRows.selectAfter, "PRIMARY KEY ((bucket,dimension,dimension_id,replica_id)>(?,?,?,?)"),
        ]
    )
    func plans(statement: String, uses index: String) throws {
        // Plans of SQLite's.
        guard Engine.current == .sqlite else { return }
        let (books, database) = try Self.books()
        let plan = try database.read { try $0.query("EXPLAIN QUERY PLAN " + statement) { $0.text(3) } }
        #expect(plan.first?.contains(index) == true, "\(plan)")
        withExtendedLifetime(books) {}
    }
}
