/// A named time zone's offsets from UTC, from 2000 to 2100.
///
/// Every offset in it is a whole number of quarters of an hour, so that quarters of an hour add up to local hours and days.
package struct Zone: Hashable, Sendable {
    /// `Asia/Shanghai`.
    package let name: String
    /// When each offset begins, in seconds since 1970, ascending; the first is ``earliest``.
    private let starts: [Int64]
    /// Seconds east of UTC.
    private let offsets: [Int64]

    package static let earliest = CivilDate(daysSince1970: 10_957)
    package static let latest = CivilDate(daysSince1970: 47_482)
    static let quarterSeconds: Int64 = 900

    package static let utc = Zone(uncheckedName: "UTC", offset: 0)

    private init(uncheckedName name: String, offset: Int64) {
        self.name = name
        starts = [.min]
        offsets = [offset]
    }

    /// - Parameters:
    ///   - initial: the offset before the first change.
    ///   - changes: seconds since 1970 and the offset from then on, ascending.
    /// - Returns: nil where an offset since 2000 is no whole number of quarters.
    init?(name: String, initial: Int64, changes: [(at: Int64, offset: Int64)]) {
        let from = Self.earliest.daysSince1970 * 86_400
        let before = changes.last { $0.at <= from }?.offset ?? initial
        var starts: [Int64] = [.min]
        var offsets = [before]
        for change in changes where change.at > from && change.offset != offsets.last {
            starts.append(change.at)
            offsets.append(change.offset)
        }
        guard offsets.allSatisfy({ $0 % Self.quarterSeconds == 0 && abs($0) <= 86_400 }) else { return nil }
        self.name = name
        self.starts = starts
        self.offsets = offsets
    }

    /// Seconds east of UTC at a second since 1970.
    package func offset(at second: Int64) -> Int64 { offsets[index(at: second)] }

    private func index(at second: Int64) -> Int {
        var (low, high) = (0, starts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= second { low = middle } else { high = middle }
        }
        return low
    }

    /// The first instant at which the local clock has reached a date and time; where the clock leaps over it, the leap.
    package func instant(of date: CivilDate, secondOfDay: Int64 = 0) -> Instant {
        let local = date.daysSince1970 * 86_400 + secondOfDay
        // No offset passes a day, so the answer lies in one of these spans of one offset.
        for index in index(at: local - 90_000)...index(at: local + 90_000) {
            let second = max(local - offsets[index], starts[index])
            if index + 1 == starts.count || second < starts[index + 1] {
                return Instant(microseconds: second * 1_000_000)
            }
        }
        return Instant(microseconds: (local - offsets[offsets.count - 1]) * 1_000_000)
    }

    /// The date that the local clock shows.
    package func date(at instant: Instant) -> CivilDate {
        let second = instant.microseconds.flooredDivision(by: 1_000_000).quotient
        return CivilDate(daysSince1970: (second + offset(at: second)).flooredDivision(by: 86_400).quotient)
    }

    /// The start of the local day that an instant falls into.
    ///
    /// Where a clock is put back over midnight, a day's first minutes come twice: the day begins with the first of them.
    package func dayStart(of instant: Instant) -> Instant {
        let date = date(at: instant)
        let next = self.instant(of: date.addingDays(1))
        return next <= instant ? next : self.instant(of: date)
    }

    package func nextDayStart(after start: Instant) -> Instant {
        // A date's own start is on that date, or just after a leap over its midnight.
        self.instant(of: date(at: start).addingDays(1))
    }

    package func monthStart(of instant: Instant) -> Instant {
        self.instant(of: date(at: dayStart(of: instant)).firstOfMonth)
    }

    package func nextMonthStart(after start: Instant) -> Instant {
        self.instant(of: date(at: start).firstOfNextMonth)
    }
}

/// Where named time zones are found.
package protocol TimeZones: Sendable {
    /// - Returns: nil for a name that no zone has. Reading its file blocks.
    func zone(named name: String) -> Zone?
}
