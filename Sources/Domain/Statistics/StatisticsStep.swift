/// How long the pieces are that a range is answered in. Days, weeks and months are local ones.
package enum StatisticsStep: String, CaseIterable, Sendable {
    case hour
    case day
    /// From Monday.
    case week
    case month
    /// The range in one piece.
    case whole
}

/// The pieces of a range.
package struct StatisticsBuckets: Hashable, Sendable {
    /// Where pieces begin, ascending, and last the end of the range.
    package let boundaries: [Instant]

    package static let largestCount = 1_000

    /// - Parameter range: not empty. Its first and last piece may be parts of a step.
    /// - Throws: `StatisticsError.tooManyBuckets` beyond ``largestCount``.
    package init(_ range: Range<Instant>, step: StatisticsStep, zone: Zone) throws(StatisticsError) {
        var boundaries = [range.lowerBound]
        var next = Self.following(range.lowerBound, step, zone)
        while let at = next, at < range.upperBound {
            guard boundaries.count < Self.largestCount else { throw .tooManyBuckets }
            boundaries.append(at)
            next = Self.following(at, step, zone)
        }
        boundaries.append(range.upperBound)
        self.boundaries = boundaries
    }

    package var count: Int { boundaries.count - 1 }

    package subscript(index: Int) -> Range<Instant> { boundaries[index]..<boundaries[index + 1] }

    /// Which piece an instant falls into; nil outside the range.
    package func index(of instant: Instant) -> Int? {
        guard instant >= boundaries[0], instant < boundaries[count] else { return nil }
        var (low, high) = (0, count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if boundaries[middle] <= instant { low = middle } else { high = middle }
        }
        return low
    }

    /// The next boundary after an instant; nil where there is none.
    private static func following(_ instant: Instant, _ step: StatisticsStep, _ zone: Zone) -> Instant? {
        switch step {
        case .whole: return nil
        case .day: return zone.nextDayStart(after: zone.dayStart(of: instant))
        case .month: return zone.nextMonthStart(after: zone.monthStart(of: instant))
        case .week:
            let date = zone.date(at: zone.dayStart(of: instant))
            return zone.instant(of: date.addingDays(7 - date.weekday))
        case .hour:
            // An hour lasts an hour, also where the clock is put back; one that a clock leaps into is shorter.
            let second = instant.microseconds.flooredDivision(by: 1_000_000).quotient
            let local = second + zone.offset(at: second)
            let next = second + 3_600 - local.flooredDivision(by: 3_600).remainder
            return Instant(microseconds: next * 1_000_000)
        }
    }
}
