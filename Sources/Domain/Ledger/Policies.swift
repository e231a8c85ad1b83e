/// Whether an output limit may be lowered so that a call fits what is left.
package enum ClampRule: String, Sendable, CaseIterable {
    case never
    /// Only limits that we injected.
    case implicit
    /// The client's own limits too.
    case explicit

    /// How far `limit` may be lowered: to 256 tokens or a quarter of it, whichever is more; not at all where it may not.
    /// - Parameter isForbidden: the call has a thinking budget or a schema that a lower limit would break.
    package func lowestOutputLimit(_ limit: Int64, isImplicit: Bool, isForbidden: Bool) -> Int64 {
        guard !isForbidden, self == .explicit || (self == .implicit && isImplicit) else { return limit }
        return min(limit, max(256, limit / 4 + (limit % 4 == 0 ? 0 : 1)))
    }
}

/// What the unknown output of a stream costs whose client hung up and whose end was too far to drain.
package enum DisconnectPolicy: String, Sendable, CaseIterable {
    /// What was delivered, estimated.
    case estimate
    /// The whole hold; else hanging up would be free.
    case chargeHold = "charge_hold"
}

/// What a call costs whose process died before its end.
package enum UncertainPolicy: String, Sendable, CaseIterable {
    /// The estimate of its prompt.
    case chargeInput = "charge_input"
    case chargeHold = "charge_hold"
    case void
}
