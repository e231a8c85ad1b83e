/// A quota as the control plane shows one, with how its current period stands.
package struct QuotaRecord: Hashable, Sendable {
    package let id: QuotaID
    package let userID: UserID
    package let userEmail: String
    package let groupID: ModelGroupID
    package let groupName: String
    package let name: String
    /// As it was set; a quota whose period has ended may still be active.
    package let isActive: Bool
    package let renewal: Renewal?
    /// When its use is warned of, ascending; nil: as the rules say.
    package let warningPercents: [Int64]?
    package let period: QuotaPeriod
    package let createdAt: Instant
    package let updatedAt: Instant

    package init(
        id: QuotaID,
        userID: UserID,
        userEmail: String,
        groupID: ModelGroupID,
        groupName: String,
        name: String,
        isActive: Bool,
        renewal: Renewal?,
        warningPercents: [Int64]?,
        period: QuotaPeriod,
        createdAt: Instant,
        updatedAt: Instant
    ) {
        self.id = id
        self.userID = userID
        self.userEmail = userEmail
        self.groupID = groupID
        self.groupName = groupName
        self.name = name
        self.isActive = isActive
        self.renewal = renewal
        self.warningPercents = warningPercents
        self.period = period
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

/// A grant as it stands at an instant: `total = used + held + remaining`. What an ended or inactive one has left is nobody's.
package struct QuotaPeriod: Hashable, Sendable {
    package let grant: Grant
    package let hasEnded: Bool
    package let remaining: Money

    package init(_ grant: Grant, at now: Instant) {
        self.grant = grant
        hasEnded = grant.hasEnded(at: now)
        remaining = grant.isOver(at: now) ? .zero : grant.available
    }

    /// Each part is at most what was funded, so the sum fits.
    package var total: Money { used.saturatingAdding(held).saturatingAdding(remaining) }
    package var used: Money { grant.captured }
    package var held: Money { grant.held }
}

/// A quota with its periods and what moved money on them.
package struct QuotaDetail: Hashable, Sendable {
    package static let mostPeriods = 100
    package static let mostEntries = 100

    package let quota: QuotaRecord
    /// Newest first, at most ``mostPeriods``; one that is made ahead comes before the current one.
    package let periods: [QuotaPeriod]
    /// Of these periods, newest first, at most ``mostEntries``.
    package let entries: [EntryRecord]

    package init(quota: QuotaRecord, periods: [QuotaPeriod], entries: [EntryRecord]) {
        self.quota = quota
        self.periods = periods
        self.entries = entries
    }
}

/// An entry of the ledger, with why and by whom.
package struct EntryRecord: Hashable, Sendable {
    package let id: Int64
    package let entry: Entry
    package let callID: CallID?
    package let reason: String
    package let actor: String
    package let at: Instant

    package init(id: Int64, entry: Entry, callID: CallID?, reason: String, actor: String, at: Instant) {
        self.id = id
        self.entry = entry
        self.callID = callID
        self.reason = reason
        self.actor = actor
        self.at = at
    }
}

extension EntryKind {
    /// The name in JSON.
    package var name: String {
        switch self {
        case .opening: "opening"
        case .topUp: "top_up"
        case .reduction: "reduction"
        case .expiry: "expiry"
        case .deactivation: "deactivation"
        case .correction: "correction"
        case .refund: "refund"
        case .carryOver: "carry_over"
        }
    }
}
