/// Whom a channel would tell of an alert.
package struct AlertSubscription: Hashable, Sendable {
    package let channel: AlertChannelID
    package let audience: AlertAudience
    package let kinds: Set<AlertKind>?
    package let leastSeverity: AlertSeverity

    package init(
        channel: AlertChannelID,
        audience: AlertAudience,
        kinds: Set<AlertKind>?,
        leastSeverity: AlertSeverity
    ) {
        self.channel = channel
        self.audience = audience
        self.kinds = kinds
        self.leastSeverity = leastSeverity
    }

    /// Owners hear of their quotas; what is unusual about them, and everything else, is the operators' to judge.
    package func takes(_ alert: Alert) -> Bool {
        guard alert.isTold, alert.severity >= leastSeverity, kinds?.contains(alert.kind) ?? true else { return false }
        switch audience {
        case .operators: return true
        case .owners: return [.quotaThreshold, .quotaExpiry].contains(alert.kind) && alert.userID != nil
        }
    }
}
