import Domain

/// A change of one key under the write lock.
struct KeyEdit {
    /// Members that are columns of the key's row.
    static let columns = Set(["name", "allowed_models", "allowed_addresses", "expires_at", "is_active", "capture"])
        .union(RateLimit.Measure.allCases.map(\.rawValue))

    private let key: KeyRecord
    private let actor: Actor
    private let act: ActTransaction

    init(key: KeyRecord, actor: Actor, _ act: ActTransaction) {
        self.key = key
        self.actor = actor
        self.act = act
    }

    /// - Returns: the names of what is new.
    func apply(_ changes: KeyChanges) throws -> [String] {
        if let end = changes.expiresAt, let end, end != key.expiresAt, end <= act.now {
            throw DeskError.refused(field: "expires_at", .notFuture)
        }
        if changes.isActive == true, !key.isActive { throw DeskError.conflict(.revoked) }
        var models: SQLValue?
        if let list = changes.allowedModels {
            models = SQLValue(try list.map { KeyRows.text(try resolve($0)) })
        }
        var addresses: SQLValue?
        if let list = changes.allowedAddresses { addresses = SQLValue(list.map(AllowedAddressesCoding.encode)) }
        var fields = try act.set(
            "api_keys",
            [
                ("name", changes.name.map { .text($0) }), ("allowed_models", models),
                ("allowed_addresses", addresses),
                ("expires_at", changes.expiresAt.map { SQLValue($0) }),
                ("is_active", changes.isActive.map { SQLValue($0) }),
                ("capture", changes.capture.map { SQLValue($0?.rawValue) }),
            ] + RateLimitColumns.values(changes.rateLimit),
            row: key.id.rawValue
        )
        if let limit = changes.spendingLimit, try set(limit: limit) { fields.append("spending_limit") }
        return fields
    }

    // MARK: - Models

    /// A user's own key names only models that the user may use.
    private func resolve(_ list: [ModelReference]) throws -> [ModelID] {
        var ids: [ModelID] = []
        for reference in list {
            let found =
                switch reference {
                case .id(let id): try act.isThere("ai_models", id) ? id : nil
                case .name(let name): try act.id("ai_models", "name", name).map { ModelID($0) }
                }
            guard let id = found else { throw DeskError.refused(field: "allowed_models", .unknown) }
            if !ids.contains(id) { ids.append(id) }
        }
        if case .user(key.userID, _) = actor {
            let own = Set(
                try act.connection.query(
                    "SELECT m.model_id FROM model_group_models m JOIN model_groups g ON g.id = m.group_id WHERE g.is_active = 1 AND m.group_id IN (SELECT q.model_group_id FROM user_quotas q WHERE q.user_id = ? AND q.is_active = 1)",
                    SQLValue(key.userID)
                ) { $0.id(0, ModelID.self) }
            )
            guard ids.allSatisfy(own.contains) else {
                throw DeskError.refused(field: "allowed_models", .beyondOwner)
            }
        }
        return ids.sorted()
    }

    // MARK: - Spending limit

    /// The lane stays when the limit goes, for calls may still be held on it; a new limit goes on from what it captured.
    private func set(limit: Money?) throws -> Bool {
        let row = key.id.rawValue
        guard let limit else {
            return try act.set("api_keys", "has_spending_limit", to: SQLValue(false), row: row)
        }
        // What is shown counts as what is wanted too: whoever writes back what was read changes nothing.
        if let shown = key.limit?.total, shown == limit { return false }
        var balances = Balances(minimumCapacity: 1)
        try LaneRows.load([.key(key.id)], into: &balances, act.connection)
        if let lane = balances[key.id] {
            let entry: Entry?
            do {
                entry = try balances.adjust(key.id, by: limit.subtracting(lane.balance.totalAfterClawback))
            } catch LedgerError.overflow {
                throw DeskError.refused(field: "spending_limit", .tooLarge)
            }
            try LaneRows.save(balances, act.connection)
            if let entry { try append(entry) }
            let isNew = try act.set("api_keys", "has_spending_limit", to: SQLValue(true), row: row)
            return isNew || entry != nil
        }
        try act.connection.execute(
            "INSERT INTO api_key_limits (key_id, funded, available) VALUES (?, ?, ?)",
            .integer(row),
            SQLValue(limit),
            SQLValue(limit)
        )
        try append(Entry(lane: .key(key.id), kind: .opening, amount: limit))
        return try act.set("api_keys", "has_spending_limit", to: SQLValue(true), row: row)
    }

    private func append(_ entry: Entry) throws {
        try LaneRows.append(
            entry,
            call: nil,
            reason: "spending limit",
            actor: actor.description,
            now: act.now,
            act.connection
        )
    }
}
