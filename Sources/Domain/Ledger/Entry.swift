/// What moved money on a lane apart from a call's own hold and charge. Appended, never edited; stored as raw values.
package enum EntryKind: Int64, Sendable, CaseIterable {
    /// A grant or limit was made with this much: funded += amount.
    case opening = 1
    /// funded += amount.
    case topUp = 2
    /// Asked to be taken, as a negative amount: from available at once, the rest as holds end.
    case reduction = 3
    /// The negative of what was forfeited because the grant had ended: then, or as a hold ended later. Positive: a pending
    /// clawback that ended with it.
    case expiry = 4
    /// The same of a grant that was deactivated.
    case deactivation = 5
    /// A settlement came after a policy had closed the call: captured += amount, signed.
    case correction = 6
    /// captured += amount, which is negative.
    case refund = 7
    /// What a correction or refund gave back on an ended grant, to the quota's current one: funded += amount.
    case carryOver = 8
}

/// One line of the ledger. Together with calls and their parts, entries derive every balance:
/// `funded` = Σ opening, top-up and carry-over; `captured` = Σ charges filled into parts + Σ correction and refund;
/// `held` = Σ parts of open and uncertain calls; `forfeited` + `pendingClawback` = −Σ reduction, expiry and deactivation.
package struct Entry: Hashable, Sendable {
    package let lane: Lane
    package let kind: EntryKind
    /// Signed, as its kind says.
    package let amount: Money

    package init(lane: Lane, kind: EntryKind, amount: Money) {
        self.lane = lane
        self.kind = kind
        self.amount = amount
    }
}
