import Foundation
import Testing

@testable import Domain

@Suite("time zones")
struct ZoneTests {
    static func zone(_ name: String) throws -> Zone {
        let file = try Data(contentsOf: URL(fileURLWithPath: "/usr/share/zoneinfo/" + name))
        return try #require(Zone(name: name, file: Array(file)))
    }

    @Test(
        "offsets are those of Foundation, which reads them itself",
        arguments: [
            "Europe/Berlin", "Europe/Dublin", "America/New_York", "America/Sao_Paulo", "America/St_Johns",
            "Asia/Shanghai",
            "Asia/Kathmandu", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Chatham", "Pacific/Apia",
            "Africa/Monrovia",
            "Etc/GMT+12", "Pacific/Kiritimati",
        ]
    )
    func offsets(name: String) throws {
        let zone = try Self.zone(name)
        let other = try #require(TimeZone(identifier: name))
        // Every other day at another time, for thirty-seven years: all that the file has a table for.
        for second in stride(from: Int64(946_684_800), to: 2_114_380_800, by: 180_037) {
            let expected = Int64(other.secondsFromGMT(for: Date(timeIntervalSince1970: Double(second))))
            guard zone.offset(at: second) != expected else { continue }
            Issue.record("\(name) at \(second): \(zone.offset(at: second)), not \(expected)")
            return
        }
    }

    @Test(
        "a year's rule in a file's last line is enough",
        arguments: [
            ("Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/3"), ("Europe/Dublin", "IST-1GMT0,M10.5.0,M3.5.0/1"),
            ("America/New_York", "EST5EDT,M3.2.0,M11.1.0"), ("Asia/Kathmandu", "<+0545>-5:45"),
            ("Australia/Lord_Howe", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"),
            ("America/Nuuk", "<-02>2<-01>,M3.5.0/-1,M10.5.0/0"),
        ]
    )
    func rules(name: String, rule: String) throws {
        let known = try Self.zone(name)
        let bare = try #require(Zone(name: name, file: Self.file(rule: rule)))
        // From when every one of them has kept its rule.
        for second in stride(from: Int64(1_735_689_600), to: 2_114_380_800, by: 9_000) {
            guard bare.offset(at: second) != known.offset(at: second) else { continue }
            Issue.record("\(name) at \(second): \(bare.offset(at: second)), not \(known.offset(at: second))")
            return
        }
    }

    /// A file that has no table, as slim ones of zones that never changed are.
    private static func file(rule: String) -> [UInt8] {
        func block(_ body: [UInt8]) -> [UInt8] {
            // One type, one character of a name.
            Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15)
                + [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1] + body
        }
        let body: [UInt8] = [0, 0, 0, 0, 0, 0, 0]
        return block(body) + block(body) + Array("\n\(rule)\n".utf8)
    }

    @Test(
        "what is no file, or keeps no quarters, is no zone",
        arguments: [
            [], Array("TZif".utf8), Array("TZif2".utf8) + Array(repeating: 255, count: 80),
            file(rule: "X"), file(rule: "CET-1CEST"), file(rule: "CET-1CEST,M13.1.1,M10.5.0"),
            file(rule: "LMT-0:44:30"),
            file(rule: "<CET-1"), Array(file(rule: "CET-1").prefix(90)),
        ] as [[UInt8]]
    )
    func refused(file: [UInt8]) {
        #expect(Zone(name: "X", file: file) == nil)
    }

    struct Start: Sendable {
        let zone: String
        let date: String
        let at: String

        init(_ zone: String, _ date: String, _ at: String) {
            (self.zone, self.date, self.at) = (zone, date, at)
        }
    }

    @Test(
        "a day begins when the local clock first reaches it",
        arguments: [
            Start("Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z"),
            Start("Europe/Berlin", "2026-03-30", "2026-03-29T22:00:00Z"),
            Start("Europe/Berlin", "2026-10-26", "2026-10-25T23:00:00Z"),
            Start("Asia/Kathmandu", "2026-01-01", "2025-12-31T18:15:00Z"),
            // The clock leaps over midnight.
            Start("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z"),
            // It is put back over midnight: the day before comes again for an hour, but this one has begun.
            Start("America/Sao_Paulo", "2018-02-18", "2018-02-18T03:00:00Z"),
            // A day that never was begins with the next.
            Start("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"),
            Start("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z"),
        ]
    )
    func starts(start: Start) throws {
        let zone = try Self.zone(start.zone)
        let date = try #require(CivilDate(parsing: start.date))
        #expect(zone.instant(of: date) == Instant(parsing: start.at))
        #expect(zone.dayStart(of: zone.instant(of: date)) == zone.instant(of: date))
    }

    @Test(
        "days and months follow each other without a gap",
        arguments: ["Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Australia/Lord_Howe", "America/Havana"]
    )
    func chain(name: String) throws {
        let zone = try Self.zone(name)
        var day = zone.instant(of: try #require(CivilDate(year: 2009, month: 1, day: 1)))
        for _ in 0..<4_000 {
            let next = zone.nextDayStart(after: day)
            let hours = (next.microseconds - day.microseconds) / 3_600_000_000
            #expect((22...26).contains(hours), "\(name) \(day)")
            for instant in [day, Instant(microseconds: next.microseconds - 1)] {
                #expect(zone.dayStart(of: instant) == day, "\(name) \(instant)")
                #expect(zone.monthStart(of: instant) <= day)
                #expect(zone.nextMonthStart(after: zone.monthStart(of: instant)) > instant)
            }
            day = next
        }
    }
}
