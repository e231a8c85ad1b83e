import Domain

/// What something was used for on each of some days, as JSON.
struct DailyUsage: Encodable, Hashable, Sendable {
    static let shape = Shape.object(
        "DailyUsage",
        [
            "days": .list(.text(format: "date")).noted("Of the zone that was asked for, the last one is today."),
            "spend": .list(.money).noted("Charge and corrections, day by day."),
            "requests": .list(.count),
        ]
    )

    let days: [String]
    let spend: [String]
    let requests: [Int64]

    /// - Parameter id: within the dimension that was asked about.
    init(of id: Int64, in answer: StatisticsAnswer, zone: Zone) {
        let cells = (0..<answer.buckets.count).map { answer.cells[.init(bucket: $0, id: id)] ?? UsageSums() }
        days = (0..<answer.buckets.count).map { Self.text(zone.date(at: answer.buckets[$0].lowerBound)) }
        spend = cells.map { Money.text($0.spend) }
        requests = cells.map { Int64(clamping: $0[.requests]) }
    }

    /// `2026-07-24`, as the text of an instant begins.
    private static func text(_ date: CivilDate) -> String {
        String(Instant(microseconds: date.daysSince1970 * 86_400 * 1_000_000).description.prefix(10))
    }
}
