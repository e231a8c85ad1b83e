import Domain

/// Over what time statistics are asked for: `from`, `to`, `time_zone`, `step`.
struct StatisticsPeriod: Sendable {
    /// An instant, or the beginning of a date in the zone that is asked for.
    enum Moment: Hashable, Sendable {
        case instant(Instant)
        case date(CivilDate)

        init?(_ text: String) {
            if let date = CivilDate(parsing: text) {
                self = .date(date)
            } else if let instant = Instant(parsing: text) {
                self = .instant(instant)
            } else {
                return nil
            }
        }

        func instant(in zone: Zone) -> Instant {
            switch self {
            case .instant(let instant): instant
            case .date(let date): zone.instant(of: date)
            }
        }
    }

    static let from = moment("from", "The first instant, or a date; absent: 29 days before today's beginning.")
    static let to = moment("to", "The instant before which it ends, or a date; absent: now.")
    static let timeZone = Parameter<String>.text(
        "time_zone",
        "An IANA name such as Asia/Shanghai; absent: UTC.",
        most: 64
    )
    static let step = Parameter<StatisticsStep>.choice("step", "How long a piece of the series is; absent: day.")
    /// Of what is not answered in pieces.
    static let rangeParameters: [any Declaration] = [from, to, timeZone]
    static let parameters: [any Declaration] = rangeParameters + [step]

    private static let date = Shape.text(
        pattern: #"^(19[7-9][0-9]|[2-9][0-9]{3})-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])$"#,
        format: "date"
    )

    private static func moment(_ name: String, _ note: String) -> Parameter<Moment> {
        Parameter(name, note + " Rounded outwards to quarters of an hour.", date.or(.givenInstant)) { text in
            Moment(text).map { .value($0) } ?? .wrong("Must be a date, or an instant with its time zone.")
        }
    }

    let range: Range<Instant>
    let zone: Zone
    let step: StatisticsStep

    /// - Parameter step: where it cannot be asked for.
    /// - Throws: 400 for what is no such value; 422 for a range that is none, and for an unknown zone.
    init(
        _ query: inout ListQuery,
        _ statistics: any Statistics,
        now: Instant,
        step given: StatisticsStep? = nil
    ) async throws {
        let (from, to) = (query.value(Self.from), query.value(Self.to))
        let name = query.value(Self.timeZone)
        step = given ?? query.value(Self.step) ?? .day
        try query.finish()
        zone = if let name { try await statistics.zone(named: name) } else { .utc }
        let end = RollupPlan.quarter(of: to?.instant(in: zone) ?? now, up: true)
        let today = zone.date(at: zone.dayStart(of: Instant(microseconds: end.microseconds - 1)))
        let start = RollupPlan.quarter(
            of: from?.instant(in: zone) ?? zone.instant(of: today.addingDays(-29)),
            up: false
        )
        let kept = zone.instant(of: Zone.earliest)...zone.instant(of: Zone.latest)
        if !kept.contains(start) || !kept.contains(end) { query.contradict("from", "The years are 2000 to 2099.") }
        if start >= end { query.contradict("to", "Must come after from.") }
        try query.finish()
        range = start..<end
    }

    /// As many local days before this one, or as much time where it does not begin with a day.
    var previous: Range<Instant> {
        let start = range.lowerBound
        guard zone.dayStart(of: start) == start else {
            let length = range.upperBound.microseconds - start.microseconds
            return Instant(microseconds: start.microseconds - length)..<start
        }
        let last = zone.date(at: zone.dayStart(of: Instant(microseconds: range.upperBound.microseconds - 1)))
        let days = last.daysSince1970 - zone.date(at: start).daysSince1970 + 1
        return zone.instant(of: zone.date(at: start).addingDays(-days))..<start
    }
}
