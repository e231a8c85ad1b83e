/// A call's row as locked, as far as closing it needs to know.
package struct LockedCall: Hashable, Sendable {
    package let state: CallState
    package let userID: UserID
    package let groupID: ModelGroupID
    package let multiplier: Multiplier
    /// The sum over the grants' parts.
    package let held: Money
    package let parts: [HoldPart]
    /// What was charged when it was closed; zero while it is open.
    package let charge: Money
    /// The prompt's estimate at list price.
    package let estimatedInputPrice: Money
    /// A policy closed it, not a settlement.
    package let isResolvedByPolicy: Bool
    /// Its one correction has been posted.
    package let isCorrected: Bool

    package init(
        state: CallState,
        userID: UserID,
        groupID: ModelGroupID,
        multiplier: Multiplier,
        held: Money,
        parts: [HoldPart],
        charge: Money = .zero,
        estimatedInputPrice: Money,
        isResolvedByPolicy: Bool = false,
        isCorrected: Bool = false
    ) {
        self.state = state
        self.userID = userID
        self.groupID = groupID
        self.multiplier = multiplier
        self.held = held
        self.parts = parts
        self.charge = charge
        self.estimatedInputPrice = estimatedInputPrice
        self.isResolvedByPolicy = isResolvedByPolicy
        self.isCorrected = isCorrected
    }

    package init(_ settlement: Settlement, state: CallState) {
        self.init(
            state: state,
            userID: settlement.call.userID,
            groupID: settlement.hold.groupID,
            multiplier: settlement.hold.multiplier,
            held: settlement.hold.amount,
            parts: settlement.hold.parts,
            estimatedInputPrice: settlement.call.estimatedInputPrice
        )
    }
}

/// Who closes a call, and to what.
package enum CallEnding: Sendable {
    /// The gateway's or a spool's settlement of a row that is there.
    case settled(CallResult)
    /// A settlement whose row is gone.
    case lost(Settlement)
    /// The process died: what the policy says.
    case resolved(UncertainPolicy)

    var isPolicy: Bool { if case .resolved = self { true } else { false } }

    var state: CallState {
        switch self {
        case .settled(let result): result.outcome == .captured ? .captured : .voided
        case .lost(let settlement): settlement.result.outcome == .captured ? .captured : .voided
        case .resolved(.void): .voided
        case .resolved: .captured
        }
    }

    func charge(of row: LockedCall) -> Money {
        switch self {
        case .settled(let result): return result.outcome == .captured ? max(.zero, result.charge) : .zero
        case .lost(let settlement): return settlement.result.outcome == .captured ? settlement.result.charge : .zero
        case .resolved(.void): return .zero
        case .resolved(.chargeHold): return row.held
        case .resolved(.chargeInput):
            // More than can be counted is more than the hold.
            return (try? row.multiplier.apply(to: Int128(row.estimatedInputPrice.picoDollars))) ?? row.held
        }
    }
}

/// What closing did.
package enum Closing: Hashable, Sendable {
    /// It was closed before: nothing may be written for it again.
    case unchanged
    case closed(ClosedCall)
    /// One correction, after a policy had closed it.
    case corrected(ClosedCall)
    /// The row must be inserted whole.
    case orphan(ClosedCall)
}

/// What goes into a closed call's row.
package struct ClosedCall: Hashable, Sendable {
    package let state: CallState
    package let charge: Money
    /// The provider's loss: what should have been charged and could not.
    package let excess: Money
    /// The charge's change against the row's earlier one; negative when something was given back.
    package let correction: Money
    /// To be added to the settlement's own.
    package let flags: BillFlags
}

/// What the ledger cannot do: our data contradicts itself, or an edit asks for too much.
package enum LedgerProblem: Error, Hashable, Sendable {
    case missingLane(Lane)
    case inconsistentLane(Lane)
    case refused(Balance.Problem)
}
