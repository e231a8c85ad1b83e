/// A call's row as it was locked, as far as closing it depends on it.
package struct LockedCall: Hashable, Sendable {
    package let id: CallID
    package let userID: UserID
    package let groupID: ModelGroupID
    package let multiplier: Multiplier
    package let estimatedInputPrice: Money
    package let parts: [HoldPart]
    package let state: CallState
    package let flags: BillFlags
    /// As the row was closed, before its correction and refunds; zero while open.
    package let charge: Money
    /// Σ of its correction entries' amounts on grants, signed.
    package let correction: Money
    /// Σ of its refunds so far, not negative.
    package let refunded: Money

    package init(
        id: CallID,
        userID: UserID,
        groupID: ModelGroupID,
        multiplier: Multiplier,
        estimatedInputPrice: Money,
        parts: [HoldPart],
        state: CallState,
        flags: BillFlags = [],
        charge: Money = .zero,
        correction: Money = .zero,
        refunded: Money = .zero
    ) {
        self.id = id
        self.userID = userID
        self.groupID = groupID
        self.multiplier = multiplier
        self.estimatedInputPrice = estimatedInputPrice
        self.parts = parts
        self.state = state
        self.flags = flags
        self.charge = charge
        self.correction = correction
        self.refunded = refunded
    }
}

/// What closing a call came to: what to write, and what to add to roll-ups.
package struct Closing: Hashable, Sendable {
    package enum Action: Hashable, Sendable {
        /// Closed before, by this same settlement or for good: write nothing, count nothing.
        case none
        /// The open or uncertain row becomes `state`.
        case close
        /// A policy had closed it: mark the row corrected.
        case correct
        /// There was no row: insert it whole, with ``Closing/parts``.
        case insert
    }

    package let action: Action
    package let state: CallState
    /// What the customer pays for the call after this, corrections and refunds included.
    package let charge: Money
    /// What was added to the charge by this: equal to it except for a correction, where it may be negative.
    package let chargeDelta: Money
    /// The provider's loss: what the charge would have been beyond the hold, or found no money for.
    package let excess: Money
    /// To be added to the row's.
    package let flags: BillFlags
    /// For `.insert` what was captured, else the row's own.
    package let parts: [HoldPart]
    /// To be appended, beyond what the row itself says: a correction's, and what an ended grant forfeited of a hold.
    package let entries: [Entry]

    /// Nobody expects this: an operator has to hear of it.
    package var isRemarkable: Bool { action == .insert || !isFundedInFull }

    /// The charge was found in full. A client still waiting for its answer gets a normal end only then.
    package var isFundedInFull: Bool { !flags.contains(.unfunded) }
}

/// What becomes of a call whose process died.
package enum UncertainPolicy: String, Sendable, CaseIterable {
    /// The estimate of the prompt at list price × multiplier, at most the hold.
    case chargeInput = "charge_input"
    case chargeHold = "charge_hold"
    case void
}
