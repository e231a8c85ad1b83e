/// Why a change of balances was refused; nothing has changed then. Shortage of money is not among them: that is a
/// ``Refusal`` of an admission, and a provider's loss in a closing.
package enum LedgerError: Error, Hashable, Sendable {
    /// The row breaks `funded = available + held + captured + forfeited` or holds less than its calls do: stop and say so.
    case unbalanced(Lane)
    /// A lane that the call was held on was not loaded (or does not exist).
    case unknownLane(Lane)
    /// A call's parts contradict themselves: a lane twice, no grant, a negative amount.
    case malformedParts(CallID)
    /// Negative, or zero where something must move.
    case invalidAmount
    case overflow
    /// More would be refunded than the call was charged.
    case exceedsCaptured
    /// The grant has ended or is inactive: money put there would be lost.
    case ended
    /// The grant is still running, or never ends.
    case notEnded
}
