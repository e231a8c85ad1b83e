import Testing

@testable import Domain

@Suite("instants as text") struct InstantTextTests {
    @Test(
        "text and instant are each other's inverse",
        arguments: [
            ("1970-01-01T00:00:00Z", Int64(0)), ("2026-07-24T09:30:00Z", 1_784_885_400_000_000),
            ("2000-02-29T23:59:59Z", 951_868_799_000_000), ("2024-02-29T00:00:00.000001Z", 1_709_164_800_000_001),
            ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
        ]
    )
    func inverse(text: String, microseconds: Int64) {
        #expect(Instant(microseconds: microseconds).description == text)
        #expect(Instant(parsing: text) == Instant(microseconds: microseconds))
    }

    @Test("every day of four centuries reads back")
    func everyDay() {
        for day in stride(from: Int64(0), to: 146_097, by: 1) {
            let instant = Instant(microseconds: day * 86_400_000_000)
            #expect(Instant(parsing: instant.description) == instant)
        }
    }

    @Test(
        "other notations of the same instant",
        arguments: [
            "2026-07-24T11:30:00+02:00", "2026-07-24T09:30:00.000000Z", "2026-07-24T04:00:00-05:30",
            "2026-07-24t09:30:00.0z",
        ]
    )
    func sameInstant(text: String) {
        #expect(Instant(parsing: text) == Instant(microseconds: 1_784_885_400_000_000))
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", "2026-07-24", "2026-07-24T09:30:00", "2026-07-24 09:30:00Z", "2026-13-01T00:00:00Z",
            "2025-02-29T00:00:00Z",
            "2026-07-24T24:00:00Z", "2026-07-24T09:30:60Z", "1969-12-31T23:59:59Z", "2026-07-24T09:30:00.Z",
            "2026-07-24T09:30:00.1234567Z", "2026-07-24T09:30:00Z ", "+2026-07-24T09:30:00Z", "٢٠٢٦-07-24T09:30:00Z",
            "2026-07-24T09:30:00+15:00", "2026-07-24T09:30:00+0200",
        ]
    )
    func refused(text: String) {
        #expect(Instant(parsing: text) == nil)
    }

    @Test("instants before 1970 print too")
    func before1970() {
        #expect(Instant(microseconds: -1).description == "1969-12-31T23:59:59.999999Z")
    }
}
