/// One period's money of a quota. Grants are never deleted or reset: a renewal is a new grant.
package struct Grant: Hashable, Sendable {
    package let id: GrantID
    package let quotaID: QuotaID
    package let userID: UserID
    package let groupID: ModelGroupID
    /// Counts the quota's periods from 1.
    package let ordinal: Int64
    package let startsAt: Instant
    /// Nil: never ends.
    package internal(set) var endsAt: Instant?
    package internal(set) var isActive: Bool
    package internal(set) var balance: Balance

    package init(
        id: GrantID,
        quotaID: QuotaID,
        userID: UserID,
        groupID: ModelGroupID,
        ordinal: Int64,
        startsAt: Instant,
        endsAt: Instant?,
        isActive: Bool,
        balance: Balance
    ) {
        self.id = id
        self.quotaID = quotaID
        self.userID = userID
        self.groupID = groupID
        self.ordinal = ordinal
        self.startsAt = startsAt
        self.endsAt = endsAt
        self.isActive = isActive
        self.balance = balance
    }

    package var funded: Money { balance.funded }
    package var available: Money { balance.available }
    package var held: Money { balance.held }
    package var captured: Money { balance.captured }
    package var forfeited: Money { balance.forfeited }
    package var pendingClawback: Money { balance.pendingClawback }

    /// The end itself is outside: at `endsAt` the next grant begins.
    package func hasEnded(at now: Instant) -> Bool {
        guard let endsAt else { return false }
        return endsAt <= now
    }

    /// New holds may be placed on it.
    package func isUsable(at now: Instant) -> Bool { isActive && startsAt <= now && !hasEnded(at: now) }

    /// What holds give back is lost to it.
    package func isOver(at now: Instant) -> Bool { !isActive || hasEnded(at: now) }

    /// Why money that comes back to it is lost; only of a grant that is over.
    func forfeitKind(at now: Instant) -> EntryKind { hasEnded(at: now) ? .expiry : .deactivation }

    /// Ends as a number that sorts, never being last.
    var expiryOrder: Int64 { endsAt?.microseconds ?? .max }
}

/// A key's own spending limit: a lane beside the grants, without periods.
package struct KeyLimit: Hashable, Sendable {
    package let keyID: APIKeyID
    /// `funded` − `forfeited` is the limit.
    package internal(set) var balance: Balance

    package init(keyID: APIKeyID, balance: Balance) {
        self.keyID = keyID
        self.balance = balance
    }

    package var funded: Money { balance.funded }
    package var available: Money { balance.available }
    package var held: Money { balance.held }
    package var captured: Money { balance.captured }
    package var forfeited: Money { balance.forfeited }
    package var pendingClawback: Money { balance.pendingClawback }
}
