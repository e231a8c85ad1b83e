import Domain
import Testing

@Suite("renewals") struct RenewalTests {
    private static func instant(_ text: String) throws -> Instant { try #require(Instant(parsing: text)) }

    private static func renewal(_ period: RenewalPeriod, _ zone: String) -> Renewal {
        Renewal(period: period, timeZone: zone, amount: Money(picoDollars: 1))
    }

    @Test(
        "a period ends at the zone's midnight, Monday or first of the month, also where the clock changes",
        arguments: [
            (.daily, "UTC", "2026-07-24T00:00:00Z", "2026-07-25T00:00:00Z"),
            (.daily, "UTC", "2026-07-24T23:59:59.999999Z", "2026-07-25T00:00:00Z"),
            (.daily, "Asia/Shanghai", "2026-07-24T15:59:59Z", "2026-07-24T16:00:00Z"),
            // A day of 23 hours and one of 25.
            (.daily, "Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),
            (.daily, "Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
            // Midnight itself was leapt over.
            (.daily, "America/Sao_Paulo", "2018-11-03T12:00:00Z", "2018-11-04T03:00:00Z"),
            // The hour before midnight came twice.
            (.daily, "America/Sao_Paulo", "2018-02-18T02:30:00Z", "2018-02-18T03:00:00Z"),
            // A date that this zone never had.
            (.daily, "Pacific/Apia", "2011-12-29T12:00:00Z", "2011-12-30T10:00:00Z"),
            (.weekly, "UTC", "2026-07-24T09:00:00Z", "2026-07-27T00:00:00Z"),
            (.weekly, "UTC", "2026-07-27T00:00:00Z", "2026-08-03T00:00:00Z"),
            (.monthly, "UTC", "2026-01-31T09:00:00Z", "2026-02-01T00:00:00Z"),
            (.monthly, "America/New_York", "2026-12-01T04:59:59Z", "2026-12-01T05:00:00Z"),
            (.monthly, "America/New_York", "2026-12-01T05:00:00Z", "2027-01-01T05:00:00Z"),
        ] as [(RenewalPeriod, String, String, String)]
    )
    func ends(period: RenewalPeriod, name: String, from: String, end: String) throws {
        let zone = name == "UTC" ? Zone.utc : try ZoneTests.zone(name)
        let renewal = Self.renewal(period, name)
        #expect(renewal.end(after: try Self.instant(from), in: zone) == (try Self.instant(end)))
    }

    @Test(
        "whatever the clock does, each stretch of time is given out once and none before it begins",
        arguments: ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia"]
    )
    func jumps(name: String) throws {
        let zone = name == "UTC" ? Zone.utc : try ZoneTests.zone(name)
        let ahead: Int64 = 300_000_000
        for period in RenewalPeriod.allCases {
            let renewal = Self.renewal(period, name)
            var random = SeededRandom(seed: UInt64(name.utf8.count) + 7)
            var now = try Self.instant("2018-01-05T00:00:00Z").microseconds
            var end = renewal.end(after: Instant(microseconds: now), in: zone)
            for _ in 0..<400 {
                // Forward by minutes, now and then by up to forty days, or back by a day.
                switch random.next() % 20 {
                case 0: now -= 86_400_000_000
                case 1: now += Int64(random.next() % 3_456_000) * 1_000_000
                default: now += Int64(random.next() % 7_200) * 1_000_000
                }
                let instant = Instant(microseconds: now)
                guard let next = renewal.period(after: end, at: instant, aheadMicroseconds: ahead, in: zone) else {
                    #expect(end.microseconds - now > ahead)
                    continue
                }
                #expect(next.lowerBound == end && next.upperBound > max(end, instant))
                #expect(next.lowerBound.microseconds <= now + ahead)
                #expect(
                    renewal.end(after: Instant(microseconds: next.upperBound.microseconds - 1), in: zone)
                        == next.upperBound
                )
                end = next.upperBound
            }
        }
    }
}
