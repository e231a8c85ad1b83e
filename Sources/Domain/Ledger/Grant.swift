/// One period of a quota: what a user was given for a model group, from an instant to an instant.
package struct Grant: Hashable, Sendable {
    package let id: GrantID
    package let quotaID: QuotaID
    package let userID: UserID
    package let groupID: ModelGroupID
    /// Counts the quota's periods from 1; unique with it.
    package let ordinal: Int64
    package let startsAt: Instant
    /// Nil: never.
    package var endsAt: Instant?
    /// Grant and quota are active.
    package var isActive: Bool
    package var balance: Balance

    package init(
        id: GrantID,
        quotaID: QuotaID,
        userID: UserID,
        groupID: ModelGroupID,
        ordinal: Int64 = 1,
        startsAt: Instant,
        endsAt: Instant? = nil,
        isActive: Bool = true,
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

    /// New calls may hold on it.
    package func isUsable(at now: Instant) -> Bool { isActive && startsAt <= now && !hasEnded(at: now) }

    package func hasEnded(at now: Instant) -> Bool { endsAt.map { $0 <= now } ?? false }

    /// Soonest-ending first, never-ending last, then by id: the order in which grants are used up.
    package static func isUsedBefore(_ left: Grant, _ right: Grant) -> Bool {
        (left.endsAt?.microseconds ?? .max, left.id) < (right.endsAt?.microseconds ?? .max, right.id)
    }
}

/// A key's own spending limit, a lane like a grant.
package struct KeyLimit: Hashable, Sendable {
    package let keyID: APIKeyID
    package var balance: Balance

    package init(keyID: APIKeyID, balance: Balance) {
        self.keyID = keyID
        self.balance = balance
    }
}
