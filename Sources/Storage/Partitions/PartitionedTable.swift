import Domain

/// A table that PostgreSQL keeps in ranges of its primary key. That key is a call's id, which begins with the time, so a range of
/// ids is a range of time; other engines have one table.
struct PartitionedTable: Sendable {
    enum Period: Sendable {
        case month, year
    }

    let name: String
    let key: String
    let period: Period

    /// Rows are few bytes, and stay: ranges only keep indexes that are written small.
    static let requests = PartitionedTable(name: "api_requests", key: "id", period: .year)
    /// Whole ranges are dropped when their time is over.
    static let usage = PartitionedTable(name: "api_request_usage", key: "call_id", period: .month)
    static let all = [requests, usage]

    /// The default partition: has the rows that no range is there for.
    var rest: String { name + "_rest" }

    /// When the period ends that an instant is in, by UTC.
    func end(ofPeriodOf instant: Instant) -> Instant {
        let day = CivilDate(daysSince1970: instant.microseconds.flooredDivision(by: Self.dayMicroseconds).quotient)
        let last =
            switch period {
            case .month: day
            case .year: CivilDate(year: day.year, month: 12, day: 1) ?? day
            }
        return Instant(microseconds: last.firstOfNextMonth.daysSince1970 * Self.dayMicroseconds)
    }

    /// A range is named by its last day.
    func name(endingAt end: CallID) -> String {
        let day = CivilDate(daysSince1970: end.time.microseconds / Self.dayMicroseconds).addingDays(-1)
        let digits = "\(day.year * 10_000 + day.month * 100 + day.day)"
        return "\(name)_to_\(digits)"
    }

    private static let dayMicroseconds: Int64 = 86_400_000_000
}
