/// How often a quota begins anew.
package enum RenewalPeriod: String, Hashable, Sendable, CaseIterable {
    case daily, weekly, monthly
}

/// A quota that begins anew at each local midnight, Monday or first of the month of a named time zone, as a grant of its own.
package struct Renewal: Hashable, Sendable {
    package let period: RenewalPeriod
    /// `Asia/Shanghai`.
    package let timeZone: String
    /// What each new period is funded with.
    package let amount: Money

    package init(period: RenewalPeriod, timeZone: String, amount: Money) {
        self.period = period
        self.timeZone = timeZone
        self.amount = amount
    }
}

extension Renewal {
    /// The first local midnight, Monday's or the month's first after an instant: when a period that it falls into ends.
    package func end(after instant: Instant, in zone: Zone) -> Instant {
        let today = zone.dayStart(of: instant)
        let date = zone.date(at: today)
        var next =
            switch period {
            case .daily: date.addingDays(1)
            case .weekly: date.addingDays(7 - date.weekday)
            case .monthly: date.firstOfNextMonth
            }
        // Where a clock is put back over midnight a day begins twice; one that has begun does not end at its own start.
        while zone.instant(of: next) <= instant { next = next.addingDays(1) }
        return zone.instant(of: next)
    }

    /// The period to be made after one that ends, once that is due. Made late, it goes on until the next end that is still
    /// to come: what nobody could use is not handed out afterwards, and not twice.
    /// - Returns: nil before `ahead` of the end.
    package func period(
        after end: Instant,
        at now: Instant,
        aheadMicroseconds ahead: Int64,
        in zone: Zone
    ) -> Range<Instant>? {
        guard end.microseconds - now.microseconds <= ahead else { return nil }
        return end..<self.end(after: max(end, now), in: zone)
    }
}
