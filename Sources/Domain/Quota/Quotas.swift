/// A quota to be made; its first period begins at once.
package struct NewQuota: Hashable, Sendable {
    package let userID: UserID
    package let groupID: ModelGroupID
    /// Nil: the group's.
    package let name: String?
    package let total: Money
    package let expiresAt: Instant?
    package let renewal: Renewal?

    package init(
        userID: UserID,
        groupID: ModelGroupID,
        name: String?,
        total: Money,
        expiresAt: Instant?,
        renewal: Renewal?
    ) {
        self.userID = userID
        self.groupID = groupID
        self.name = name
        self.total = total
        self.expiresAt = expiresAt
        self.renewal = renewal
    }
}

/// What is to change of a quota; nil stays.
package struct QuotaChanges: Hashable, Sendable {
    /// What the current period comes to: a top-up or a reduction by the difference. Of one that has ended, what the next
    /// one is funded with, which then begins at once.
    package var total: Money?
    package var expiresAt: Instant??
    package var isActive: Bool?
    package var renewal: Renewal??
    package var warningPercents: [Int64]??
    /// For the entries.
    package var reason = ""

    package init() {}
}

/// What is done to a quota beside changing its members.
package enum QuotaAct: Hashable, Sendable {
    case topUp(Money)
    case reduce(Money)
    /// Ends it now, with its renewal.
    case expire
}

/// A page of quotas.
package struct QuotaQuery: Hashable, Sendable {
    package enum Order: String, CaseIterable, Sendable {
        case id, name
        case createdAt = "created_at"
        case expiresAt = "expires_at"
    }

    /// In its name or its user's address, any case.
    package var search: String?
    package var userID: UserID?
    package var groupID: ModelGroupID?
    package var isActive: Bool?
    /// The current period ends before this.
    package var endsBefore: Instant?
    package var window = Window(order: Order.id)

    package init() {}
}

/// Where quotas are kept. Nothing of it is on a call's path. Each change is one transaction under the ledger's locks: what
/// it moves with its entries, each with reason and actor, its audit leaf and its row in the change feed. With `once`, a
/// change that the actor asked for before is not made again.
package protocol Quotas: Sendable {
    func quotas(_ query: QuotaQuery) async throws(DeskError) -> Page<QuotaRecord>
    /// - Parameter owner: another user's is nil.
    func quota(_ id: QuotaID, of owner: UserID?) async throws(DeskError) -> QuotaDetail?
    /// - Throws: `.taken`, `.refused`.
    func grant(
        _ new: NewQuota,
        by actor: Actor,
        once: Repeatable<QuotaDetail>?
    ) async throws(DeskError) -> Once<QuotaDetail>
    /// - Throws: `.notFound`, `.stale`, `.refused`, `.conflict(.ended)`.
    func update(
        _ id: QuotaID,
        _ changes: QuotaChanges,
        if precondition: Precondition,
        by actor: Actor
    ) async throws(DeskError) -> QuotaDetail
    /// - Throws: `.notFound`, `.refused`, `.conflict(.ended)`.
    func perform(
        _ act: QuotaAct,
        on id: QuotaID,
        reason: String,
        by actor: Actor,
        once: Repeatable<QuotaDetail>?
    ) async throws(DeskError) -> Once<QuotaDetail>
    /// Gives part of a call's charge back, to the grants that paid; what an ended one gets back goes on to its quota's
    /// current period, if there is one.
    /// - Throws: `.notFound`, `.refused` for a call that this quota did not pay, `.conflict(.exceedsCaptured)`.
    func refund(
        _ amount: Money,
        of call: CallID,
        on id: QuotaID,
        reason: String,
        by actor: Actor,
        once: Repeatable<QuotaDetail>?
    ) async throws(DeskError) -> Once<QuotaDetail>
}
