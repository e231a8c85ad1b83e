import Testing

@testable import Domain

@Suite("which roll-ups answer")
struct RollupPlanTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let step: StatisticsStep
        let from: String
        let to: String
        let pieces: [String]
        let testDescription: String

        init(_ name: String, _ step: StatisticsStep, _ from: String, _ to: String, _ pieces: [String]) {
            testDescription = name
            (self.step, self.from, self.to, self.pieces) = (step, from, to, pieces)
        }
    }

    private static let coverage = RollupPlan.Coverage(
        quartersSince: instant("2026-05-01T00:00"),
        daysSince: Instant(microseconds: 0),
        end: instant("2026-06-05T10:15"),
        zones: ["UTC"]
    )

    private static func instant(_ text: String) -> Instant {
        Instant(parsing: text + ":00Z") ?? Instant(microseconds: 0)
    }

    @Test(
        "pieces",
        arguments: [
            Case(
                "hours from quarters",
                .hour,
                "2026-06-01T00:00",
                "2026-06-02T00:00",
                ["quarters 06-01T00:00 06-02T00:00"]
            ),
            Case("days", .day, "2025-06-01T00:00", "2025-06-03T00:00", ["day 06-01T00:00 06-03T00:00"]),
            Case(
                "parts of days at the edges",
                .day,
                "2026-06-01T08:00",
                "2026-06-04T09:00",
                ["quarters 06-01T08:00 06-02T00:00", "day 06-02T00:00 06-04T00:00", "quarters 06-04T00:00 06-04T09:00"]
            ),
            Case(
                "the day that is not over is whole so far",
                .day,
                "2026-06-04T00:00",
                "2026-06-05T10:15",
                ["day 06-04T00:00 06-06T00:00"]
            ),
            Case(
                "months between days",
                .whole,
                "2026-01-30T00:00",
                "2026-04-03T00:00",
                ["day 01-30T00:00 02-01T00:00", "month 02-01T00:00 04-01T00:00", "day 04-01T00:00 04-03T00:00"]
            ),
            Case(
                "the month that is not over is whole so far",
                .month,
                "2026-05-01T00:00",
                "2026-06-05T10:15",
                ["month 05-01T00:00 07-01T00:00"]
            ),
            Case("weeks from days", .week, "2026-01-01T00:00", "2026-03-01T00:00", ["day 01-01T00:00 03-01T00:00"]),
            Case("less than a day", .day, "2026-06-01T08:00", "2026-06-01T09:00", ["quarters 06-01T08:00 06-01T09:00"]),
        ]
    )
    func pieces(_ test: Case) throws {
        let question = StatisticsQuestion(
            range: Self.instant(test.from)..<Self.instant(test.to),
            zone: .utc,
            step: test.step
        )
        let pieces = try RollupPlan(question, Self.coverage).pieces.map { piece in
            "\(piece.span.map { "\($0)" } ?? "quarters") \(Self.short(piece.range.lowerBound)) \(Self.short(piece.range.upperBound))"
        }
        #expect(pieces == test.pieces)
    }

    private static func short(_ instant: Instant) -> String { String(instant.description.dropFirst(5).prefix(11)) }

    @Test("what is gone is named")
    func gone() {
        let day = Self.instant("2026-04-01T00:00")..<Self.instant("2026-04-02T00:00")
        let part = Self.instant("2026-04-01T06:00")..<Self.instant("2026-06-02T00:00")
        let since = Self.coverage.quartersSince
        let none = RollupPlan.Coverage(quartersSince: since, daysSince: nil, end: Self.coverage.end, zones: ["UTC"])
        #expect(throws: StatisticsError.onlyDays(before: since)) {
            try RollupPlan(.init(range: day, zone: .utc, step: .hour), Self.coverage)
        }
        #expect(throws: StatisticsError.onlyDays(before: since)) {
            try RollupPlan(.init(range: part, zone: .utc, step: .day), Self.coverage)
        }
        #expect(throws: StatisticsError.noDays(before: since, zones: ["UTC"])) {
            try RollupPlan(.init(range: day, zone: .utc, step: .day), none)
        }
    }
}
