/// What output is charged that nobody counted, because the client left and the upstream had to be cut off
/// (`disconnect_unknown`).
package enum DisconnectPolicy: String, Sendable, CaseIterable {
    /// What was seen to come, estimated.
    case estimate
    /// All that is held: otherwise hanging up early would be free.
    case chargeHold = "charge_hold"
    case void
}
