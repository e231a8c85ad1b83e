/// What people are warned of, by the names that the API and the database have.
package enum AlertKind: String, CaseIterable, Sendable {
    case quotaThreshold = "quota_threshold"
    case quotaExpiry = "quota_expiry"
    case unusualSpend = "unusual_spend"
    case providerFailing = "provider_failing"
    case providerRecovered = "provider_recovered"
    case providerLoss = "provider_loss"
    case quarantine
    case auditHalted = "audit_halted"
    /// A channel had so many alerts in an hour that the rest of them stands in the history only.
    case heldBack = "alerts_held_back"
    /// Asked for by an administrator, of one channel; stands in no history.
    case test
}
