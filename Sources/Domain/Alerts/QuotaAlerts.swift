/// What is to be warned of about one period of a quota, from its figures and what was raised of it before.
///
/// A step comes once a period. It comes again only after the quota was given so much more that what was used at the last
/// warning is below the step again, or after its end was moved later: both can be told from rows, so that nothing is
/// missed or doubled by a process that was not there meanwhile.
package enum QuotaAlerts {
    private static let hourMicroseconds: Int64 = 3_600_000_000
    private static let urgentHours: Int64 = 24

    /// - Parameter renews: its end takes nothing that was not meant to end, so nobody is warned of it.
    /// - Returns: all steps that are passed and not raised yet; of several only the gravest is told.
    package static func due(
        _ grant: Grant,
        name: String,
        renews: Bool,
        raised: [RaisedAlert],
        rules: AlertRules,
        now: Instant
    ) -> [Alert] {
        guard grant.isUsable(at: now) else { return [] }
        return used(grant, name, raised, rules) + (renews ? [] : ending(grant, name, raised, rules, now))
    }

    /// Whether ``due(_:name:renews:raised:rules:now:)`` can be anything but empty: what was raised need not be looked up
    /// for the others.
    package static func mayBeDue(_ grant: Grant, renews: Bool, rules: AlertRules, now: Instant) -> Bool {
        !due(grant, name: "", renews: renews, raised: [], rules: rules, now: now).isEmpty
    }

    private static func used(_ grant: Grant, _ name: String, _ raised: [RaisedAlert], _ rules: AlertRules) -> [Alert] {
        let (used, total) = (grant.captured, grant.balance.total)
        guard total > .zero else { return [] }
        var alerts = rules.thresholdPercents.compactMap { percent -> Alert? in
            guard passes(used, percent, of: total) else { return nil }
            let last = last(.quotaThreshold, percent, raised)
            if let last {
                guard let amount = last.amount, let before = last.total, before < total,
                    !passes(amount, percent, of: total)
                else { return nil }
            }
            var alert = alert(.quotaThreshold, percent >= 100 ? .critical : .warning, grant, name, after: last)
            alert.threshold = percent
            alert.amount = used
            alert.total = total
            alert.isTold = false
            return alert
        }
        if let gravest = alerts.indices.max(by: { alerts[$0].threshold < alerts[$1].threshold }) {
            alerts[gravest].isTold = true
        }
        return alerts
    }

    private static func ending(
        _ grant: Grant,
        _ name: String,
        _ raised: [RaisedAlert],
        _ rules: AlertRules,
        _ now: Instant
    ) -> [Alert] {
        let left = grant.available.saturatingAdding(grant.held)
        guard let end = grant.endsAt, left > .zero else { return [] }
        var alerts = rules.expiryHours.compactMap { hours -> Alert? in
            let lead = Int128(hours) * Int128(hourMicroseconds)
            let length = Int128(end.microseconds) - Int128(grant.startsAt.microseconds)
            // A period that is no longer than that was near its end from its first moment.
            guard Int128(end.microseconds) - Int128(now.microseconds) <= lead, length > lead else { return nil }
            let last = last(.quotaExpiry, hours, raised)
            if let before = last?.at, before >= end { return nil }
            var alert = alert(.quotaExpiry, hours <= urgentHours ? .warning : .info, grant, name, after: last)
            alert.threshold = hours
            alert.amount = left
            alert.total = grant.balance.total
            alert.at = end
            alert.isTold = false
            return alert
        }
        if let nearest = alerts.indices.min(by: { alerts[$0].threshold < alerts[$1].threshold }) {
            alerts[nearest].isTold = true
        }
        return alerts
    }

    private static func alert(
        _ kind: AlertKind,
        _ severity: AlertSeverity,
        _ grant: Grant,
        _ name: String,
        after last: RaisedAlert?
    ) -> Alert {
        var alert = Alert(
            kind: kind,
            severity: severity,
            subject: grant.quotaID.rawValue,
            period: grant.ordinal
        )
        alert.round = (last?.round ?? 0) + 1
        alert.userID = grant.userID
        alert.name = name
        return alert
    }

    private static func last(_ kind: AlertKind, _ threshold: Int64, _ raised: [RaisedAlert]) -> RaisedAlert? {
        raised.filter { $0.kind == kind && $0.threshold == threshold }.max { $0.round < $1.round }
    }

    private static func passes(_ part: Money, _ percent: Int64, of total: Money) -> Bool {
        Int128(part.picoDollars) * 100 >= Int128(total.picoDollars) * Int128(percent)
    }
}
