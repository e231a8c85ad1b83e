/// From which roll-ups a question is answered: months and days where they fit, quarters of an hour for the rest.
package struct RollupPlan: Hashable, Sendable {
    /// How long the spans are that sums are kept for. Stored as raw values.
    package enum Span: Int64, CaseIterable, Sendable {
        case day = 1
        case month = 2
        /// Everything there ever was, under the bucket 0.
        case ever = 3
    }

    /// What is kept of a zone.
    package struct Coverage: Hashable, Sendable {
        /// Quarters before this are gone.
        package let quartersSince: Instant
        /// Days and months of the zone are whole from here on; nil for a zone that has none.
        package let daysSince: Instant?
        /// Nothing is booked from here on.
        package let end: Instant
        /// The zones that have days.
        package let zones: [String]

        package init(quartersSince: Instant, daysSince: Instant?, end: Instant, zones: [String]) {
            self.quartersSince = quartersSince
            self.daysSince = daysSince
            self.end = end
            self.zones = zones
        }
    }

    package struct Piece: Hashable, Sendable {
        /// Nil: quarters.
        package let span: Span?
        package let range: Range<Instant>
    }

    package static let largestRead = 50_000
    package static let quarterMicroseconds: Int64 = 15 * 60 * 1_000_000

    /// The beginning of the quarter of an hour that an instant falls into. - Parameter up: else of the next one, unless one
    /// begins just then.
    package static func quarter(of instant: Instant, up: Bool = false) -> Instant {
        let (quarter, rest) = instant.microseconds.flooredDivision(by: quarterMicroseconds)
        return Instant(microseconds: (quarter + (up && rest > 0 ? 1 : 0)) * quarterMicroseconds)
    }

    /// In order and without a gap. Each day or month in it lies within one piece of the question.
    package let pieces: [Piece]

    /// - Throws: `StatisticsError.onlyDays`, `.noDays` where what was asked for is no longer kept.
    package init(_ question: StatisticsQuestion, _ coverage: Coverage) throws(StatisticsError) {
        let (zone, range) = (question.zone, question.range)
        var pieces: [Piece] = []
        func add(_ span: Span?, _ from: Instant, _ to: Instant) {
            if from < to { pieces.append(Piece(span: span, range: from..<to)) }
        }
        // Whole days between the edges; the day that is not over yet counts as whole if all of it so far is asked for.
        let first = Self.ceiling(range.lowerBound, zone.dayStart(of:), zone.nextDayStart(after:))
        let last =
            range.upperBound >= coverage.end
            ? Self.ceiling(range.upperBound, zone.dayStart(of:), zone.nextDayStart(after:))
            : zone.dayStart(of: range.upperBound)
        if question.step == .hour || coverage.daysSince.map({ $0 > first }) ?? true || first >= last {
            add(nil, range.lowerBound, range.upperBound)
        } else {
            add(nil, range.lowerBound, first)
            if question.step == .month || question.step == .whole {
                let month = Self.ceiling(first, zone.monthStart(of:), zone.nextMonthStart(after:))
                let lastMonth =
                    range.upperBound >= coverage.end
                    ? Self.ceiling(last, zone.monthStart(of:), zone.nextMonthStart(after:)) : zone.monthStart(of: last)
                if month < lastMonth {
                    add(.day, first, month)
                    add(.month, month, lastMonth)
                    add(.day, lastMonth, last)
                } else {
                    add(.day, first, last)
                }
            } else {
                add(.day, first, last)
            }
            add(nil, last, range.upperBound)
        }
        for piece in pieces where piece.span == nil && piece.range.lowerBound < coverage.quartersSince {
            guard let since = coverage.daysSince, since <= first else {
                throw .noDays(before: coverage.quartersSince, zones: coverage.zones)
            }
            throw .onlyDays(before: coverage.quartersSince)
        }
        self.pieces = pieces
    }

    /// The first start at or after an instant.
    private static func ceiling(
        _ instant: Instant,
        _ start: (Instant) -> Instant,
        _ next: (Instant) -> Instant
    ) -> Instant {
        let begun = start(instant)
        return begun == instant ? begun : next(begun)
    }
}
