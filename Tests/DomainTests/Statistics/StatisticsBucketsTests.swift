import Testing

@testable import Domain

@Suite("pieces of a range")
struct StatisticsBucketsTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let zone: String
        let step: StatisticsStep
        let range: Range<Instant>
        let boundaries: [String]
        let testDescription: String

        init(
            _ name: String,
            _ zone: String,
            _ step: StatisticsStep,
            _ from: String,
            _ to: String,
            _ boundaries: [String]
        ) {
            testDescription = name
            self.zone = zone
            self.step = step
            range = Self.instant(from)..<Self.instant(to)
            self.boundaries = boundaries
        }

        private static func instant(_ text: String) -> Instant {
            Instant(parsing: text + ":00Z") ?? Instant(microseconds: 0)
        }
    }

    @Test(
        "boundaries",
        arguments: [
            Case(
                "hours begin at the local hour",
                "Asia/Kathmandu",
                .hour,
                "2026-01-01T00:00",
                "2026-01-01T02:00",
                ["00:00", "00:15", "01:15", "02:00"]
            ),
            Case(
                "the hour that comes twice is two hours",
                "Europe/Berlin",
                .hour,
                "2026-10-25T00:00",
                "2026-10-25T03:00",
                ["00:00", "01:00", "02:00", "03:00"]
            ),
            Case(
                "half an hour's leap cuts an hour",
                "Australia/Lord_Howe",
                .hour,
                "2026-10-03T14:30",
                "2026-10-03T17:00",
                ["14:30", "15:30", "16:00", "17:00"]
            ),
            Case(
                "a day of 23 hours",
                "Europe/Berlin",
                .day,
                "2026-03-28T23:00",
                "2026-03-30T22:00",
                ["23:00", "22:00", "22:00"]
            ),
            Case(
                "a day of 25 hours",
                "America/New_York",
                .day,
                "2026-11-01T04:00",
                "2026-11-03T05:00",
                ["04:00", "05:00", "05:00"]
            ),
            Case(
                "parts at the edges",
                "UTC",
                .day,
                "2026-01-01T06:15",
                "2026-01-03T07:00",
                ["06:15", "00:00", "00:00", "07:00"]
            ),
            Case(
                "weeks begin on Monday",
                "Asia/Shanghai",
                .week,
                "2026-01-01T00:00",
                "2026-01-12T00:00",
                ["00:00", "16:00", "16:00", "00:00"]
            ),
            Case(
                "months",
                "Asia/Shanghai",
                .month,
                "2026-01-15T00:00",
                "2026-03-10T00:00",
                ["00:00", "16:00", "16:00", "00:00"]
            ),
            Case("in one piece", "UTC", .whole, "2026-01-15T00:00", "2027-03-10T00:00", ["00:00", "00:00"]),
        ]
    )
    func boundaries(_ test: Case) throws {
        let zone = try test.zone == "UTC" ? Zone.utc : ZoneTests.zone(test.zone)
        let buckets = try StatisticsBuckets(test.range, step: test.step, zone: zone)
        #expect(buckets.boundaries.map { String($0.description.dropFirst(11).prefix(5)) } == test.boundaries)
        #expect(buckets.boundaries.first == test.range.lowerBound && buckets.boundaries.last == test.range.upperBound)
        for index in 0..<buckets.count {
            #expect(buckets.index(of: buckets[index].lowerBound) == index)
            #expect(buckets.index(of: Instant(microseconds: buckets[index].upperBound.microseconds - 1)) == index)
        }
        #expect(buckets.index(of: test.range.upperBound) == nil)
    }

    @Test("too many pieces are refused")
    func tooMany() {
        let year = Instant(microseconds: 0)..<Instant(microseconds: 366 * 86_400_000_000)
        #expect(throws: StatisticsError.tooManyBuckets) { try StatisticsBuckets(year, step: .hour, zone: .utc) }
    }

    @Test(
        "percentiles are bounds",
        arguments: [
            ([:], 50, nil, nil), ([.under100Milliseconds: 1], 99, 0, 100),
            ([.under100Milliseconds: 50, .under3Seconds: 50], 50, 0, 100),
            ([.under100Milliseconds: 50, .under3Seconds: 50], 51, 1_000, 3_000),
            ([.under100Milliseconds: 98, .slower: 2], 99, 30_000, nil),
        ] as [([UsageFigure: Int128], Int, Int64?, Int64?)]
    )
    func percentiles(slots: [UsageFigure: Int128], percent: Int, least: Int64?, below: Int64?) {
        var sums = UsageSums()
        for (figure, count) in slots { sums[figure] = count }
        #expect(sums.latency(percent: percent)?.atLeastMilliseconds == least)
        #expect(sums.latency(percent: percent)?.belowMilliseconds == below)
    }
}
