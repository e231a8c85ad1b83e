import Domain

/// A period as it is watched.
struct WatchedGrant: Sendable {
    let grant: Grant
    let quotaName: String
    let renews: Bool
    /// Instead of the rules' own.
    let thresholdPercents: [Int64]?

    /// What is due of it and not raised.
    func alerts(_ rules: AlertRules, now: Instant, _ connection: any SQLConnection) throws -> [Alert] {
        var rules = rules
        if let thresholdPercents { rules.thresholdPercents = thresholdPercents }
        guard QuotaAlerts.mayBeDue(grant, renews: renews, rules: rules, now: now) else { return [] }
        return QuotaAlerts.due(
            grant,
            name: quotaName,
            renews: renews,
            raised: try AlertRows.raised(of: grant, connection),
            rules: rules,
            now: now
        )
    }
}
