/// Something that money is held on: a grant of a quota, or a key's own spending limit.
package enum Lane: Hashable, Sendable {
    case grant(GrantID)
    case key(APIKeyID)
}

/// An amount held on one lane.
package struct HoldPart: Hashable, Sendable {
    package let lane: Lane
    package let amount: Money

    package init(lane: Lane, amount: Money) {
        self.lane = lane
        self.amount = amount
    }
}

/// What a call would be held for under one group: `fixed` for its input and fees, and a price per token of output
/// limit. Both already carry the group's multiplier.
package struct Candidate: Hashable, Sendable {
    package let groupID: ModelGroupID
    package let multiplier: Multiplier
    package let quote: Quote

    package init(groupID: ModelGroupID, multiplier: Multiplier, quote: Quote) {
        self.groupID = groupID
        self.multiplier = multiplier
        self.quote = quote
    }
}

/// A call that asks for its hold.
package struct AdmissionRequest: Sendable {
    package let call: CallIntent
    /// In the catalogue's order; the one whose grant expires first among those that fit is chosen under the lock.
    package let candidates: [Candidate]
    package let hasSpendingLimit: Bool

    package init(call: CallIntent, candidates: [Candidate], hasSpendingLimit: Bool) {
        self.call = call
        self.candidates = candidates
        self.hasSpendingLimit = hasSpendingLimit
    }
}

/// A durable hold: the call may be forwarded.
package struct Hold: Hashable, Sendable {
    package let groupID: ModelGroupID
    package let multiplier: Multiplier
    /// The sum over the grants' parts; at most this is ever charged.
    package let amount: Money
    /// Tokens per choice to be asked of the upstream.
    package let outputLimit: Int64
    /// The limit is lower than the quote asked for.
    package let isClamped: Bool
    /// Every lane held; grants first, in the order in which the charge fills them.
    package let parts: [HoldPart]

    package init(
        groupID: ModelGroupID,
        multiplier: Multiplier,
        amount: Money,
        outputLimit: Int64,
        isClamped: Bool,
        parts: [HoldPart]
    ) {
        self.groupID = groupID
        self.multiplier = multiplier
        self.amount = amount
        self.outputLimit = outputLimit
        self.isClamped = isClamped
        self.parts = parts
    }
}

/// Why a call was not admitted although everything worked.
package enum Refusal: Hashable, Sendable {
    /// No running hold explains the shortage: waiting will not help.
    case insufficientQuota
    /// It would fit if running calls ended cheaper than their bounds: worth a retry.
    case heldByRunningCalls
    /// The key's own spending limit is used up.
    case keyLimitReached
}

/// What became of an admission request.
package enum Admission: Hashable, Sendable {
    case held(Hold)
    case refused(Refusal)
    /// Nothing is held and nothing may be forwarded; the client gets 503.
    case unavailable
}
