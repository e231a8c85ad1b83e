import Domain

/// A quota as JSON: `total_quota` = `used_quota` + `held_quota` + `remaining_quota` of its current period.
struct QuotaAnswer: Encodable {
    let quota: QuotaRecord

    /// What of it nobody sets by writing it.
    static let readOnly: Set<String> = [
        "id", "user_email", "model_group_name", "used_quota", "held_quota", "remaining_quota", "pending_reduction",
        "starts_at", "has_ended", "created_at", "updated_at", "periods", "entries",
    ]

    static let shape = Shape.object("Quota", members)

    fileprivate static let members: [(name: String, shape: Shape, isRequired: Bool)] = [
        ("id", .id, true), ("user", .id, true), ("user_email", .text, true), ("model_group", .id, true),
        ("model_group_name", .text, true), ("name", .text, true), ("total_quota", .money, true),
        ("used_quota", .money, true), ("held_quota", .money, true), ("remaining_quota", .money, true),
        ("pending_reduction", .money.noted("Taken from what running calls give back."), true),
        ("starts_at", .instant, true), ("expires_at", .instant.nullable(), true), ("has_ended", .flag, true),
        ("is_active", .flag, true), ("renewal", .choice(RenewalPeriod.self).nullable(), true),
        ("renewal_time_zone", .text.nullable(), true), ("renewal_amount", .money.nullable(), true),
        ("warning_percents", .list(.count).nullable().noted("Null: as alert-rules say."), true),
        ("created_at", .instant, true), ("updated_at", .instant, true),
    ]

    enum CodingKeys: String, CodingKey {
        case id, user, name
        case userEmail = "user_email"
        case group = "model_group"
        case groupName = "model_group_name"
        case total = "total_quota"
        case used = "used_quota"
        case held = "held_quota"
        case remaining = "remaining_quota"
        case pending = "pending_reduction"
        case startsAt = "starts_at"
        case expiresAt = "expires_at"
        case hasEnded = "has_ended"
        case isActive = "is_active"
        case renewal
        case timeZone = "renewal_time_zone"
        case renewalAmount = "renewal_amount"
        case warningPercents = "warning_percents"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        let period = quota.period
        try container.encode(quota.id.rawValue, forKey: .id)
        try container.encode(quota.userID.rawValue, forKey: .user)
        try container.encode(quota.userEmail, forKey: .userEmail)
        try container.encode(quota.groupID.rawValue, forKey: .group)
        try container.encode(quota.groupName, forKey: .groupName)
        try container.encode(quota.name, forKey: .name)
        try container.encode(period.total.description, forKey: .total)
        try container.encode(period.used.description, forKey: .used)
        try container.encode(period.held.description, forKey: .held)
        try container.encode(period.remaining.description, forKey: .remaining)
        try container.encode(period.grant.pendingClawback.description, forKey: .pending)
        try container.encode(period.grant.startsAt.description, forKey: .startsAt)
        try container.encode(period.grant.endsAt?.description, forKey: .expiresAt)
        try container.encode(period.hasEnded, forKey: .hasEnded)
        try container.encode(quota.isActive, forKey: .isActive)
        try container.encode(quota.renewal?.period.rawValue, forKey: .renewal)
        try container.encode(quota.renewal?.timeZone, forKey: .timeZone)
        try container.encode(quota.renewal?.amount.description, forKey: .renewalAmount)
        try container.encode(quota.warningPercents, forKey: .warningPercents)
        try container.encode(quota.createdAt.description, forKey: .createdAt)
        try container.encode(quota.updatedAt.description, forKey: .updatedAt)
    }
}

/// A quota with its periods and entries.
struct QuotaDetailAnswer: Encodable {
    let detail: QuotaDetail

    static let shape = Shape.object(
        "QuotaDetail",
        QuotaAnswer.members + [
            ("periods", .list(QuotaPeriodAnswer.shape), true), ("entries", .list(EntryAnswer.shape), true),
        ]
    )

    enum CodingKeys: CodingKey { case periods, entries }

    func encode(to encoder: any Encoder) throws {
        try QuotaAnswer(quota: detail.quota).encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(detail.periods.map(QuotaPeriodAnswer.init(period:)), forKey: .periods)
        try container.encode(detail.entries.map(EntryAnswer.init(record:)), forKey: .entries)
    }
}

/// One period of a quota.
struct QuotaPeriodAnswer: Encodable {
    let period: QuotaPeriod

    static let shape = Shape.object(
        "QuotaPeriod",
        [
            "id": .id, "ordinal": .id, "starts_at": .instant, "expires_at": .instant.nullable(), "is_active": .flag,
            "total_quota": .money, "used_quota": .money, "held_quota": .money, "remaining_quota": .money,
            "forfeited_quota": .money,
        ]
    )

    enum CodingKeys: String, CodingKey {
        case id, ordinal
        case startsAt = "starts_at"
        case expiresAt = "expires_at"
        case isActive = "is_active"
        case total = "total_quota"
        case used = "used_quota"
        case held = "held_quota"
        case remaining = "remaining_quota"
        case forfeited = "forfeited_quota"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        let grant = period.grant
        try container.encode(grant.id.rawValue, forKey: .id)
        try container.encode(grant.ordinal, forKey: .ordinal)
        try container.encode(grant.startsAt.description, forKey: .startsAt)
        try container.encode(grant.endsAt?.description, forKey: .expiresAt)
        try container.encode(grant.isActive, forKey: .isActive)
        try container.encode(period.total.description, forKey: .total)
        try container.encode(period.used.description, forKey: .used)
        try container.encode(period.held.description, forKey: .held)
        try container.encode(period.remaining.description, forKey: .remaining)
        // What has ended keeps what it had left until somebody takes it away; nobody gets it.
        let left = grant.available.saturatingSubtracting(period.remaining)
        try container.encode(grant.forfeited.saturatingAdding(left).description, forKey: .forfeited)
    }
}

/// An entry of the ledger as JSON.
struct EntryAnswer: Encodable {
    let record: EntryRecord

    static let shape = Shape.object(
        "Entry",
        [
            "id": .id, "period": .id.nullable().noted("The grant, or null for an entry of a key's own limit."),
            "kind": .choice(EntryKind.allCases.map(\.name)), "amount": .money,
            "request_id": .callID.nullable(), "reason": .text, "actor": .text, "created_at": .instant,
        ]
    )

    enum CodingKeys: String, CodingKey {
        case id, period, kind, amount, reason, actor
        case call = "request_id"
        case at = "created_at"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        var period: Int64?
        if case .grant(let id) = record.entry.lane { period = id.rawValue }
        try container.encode(record.id, forKey: .id)
        try container.encode(period, forKey: .period)
        try container.encode(record.entry.kind.name, forKey: .kind)
        try container.encode(record.entry.amount.description, forKey: .amount)
        try container.encode(record.callID?.description, forKey: .call)
        try container.encode(record.reason, forKey: .reason)
        try container.encode(record.actor, forKey: .actor)
        try container.encode(record.at.description, forKey: .at)
    }
}
