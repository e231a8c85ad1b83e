package import Domain

/// Quotas in the database.
package struct QuotaStore: Quotas {
    private let desk: ControlDesk
    private let zones: any TimeZones

    package init(desk: ControlDesk, zones: any TimeZones) {
        self.desk = desk
        self.zones = zones
    }

    package func quotas(_ query: QuotaQuery) async throws(DeskError) -> Page<QuotaRecord> {
        try await desk.read { [clock = desk.clock] in try QuotaRecords.page(query, now: clock(), $0) }
    }

    package func quota(_ id: QuotaID, of owner: UserID?) async throws(DeskError) -> QuotaDetail? {
        try await desk.read { [clock = desk.clock] in try QuotaRecords.detail(id, of: owner, now: clock(), $0) }
    }

    package func grant(
        _ new: NewQuota,
        by actor: Actor,
        once: Repeatable<QuotaDetail>?
    ) async throws(DeskError) -> Once<QuotaDetail> {
        try await change(by: actor, once) { [zones] act in
            let connection = act.connection
            guard try act.isThere("users", new.userID) else {
                throw DeskError.refused(field: "user", .unknown)
            }
            let groups = try connection.query(
                "SELECT name FROM model_groups WHERE id = ? AND is_active = 1",
                SQLValue(new.groupID)
            ) { $0.text(0) }
            guard let group = groups.first else { throw DeskError.refused(field: "model_group", .unknown) }
            if let end = new.expiresAt, end <= act.now { throw DeskError.refused(field: "expires_at", .notFuture) }
            let name = new.name ?? group
            let others = try connection.query(
                "SELECT id FROM user_quotas WHERE user_id = ? AND name = ?",
                SQLValue(new.userID),
                .text(name)
            ) { $0.int64(0) }
            guard others.isEmpty else { throw DeskError.taken(field: "name") }
            let end = try new.renewal.map { $0.end(after: act.now, in: try Self.zone(of: $0, zones)) }
            let id = try connection.insert(
                "INSERT INTO user_quotas (user_id, model_group_id, name, renewal, renewal_time_zone, renewal_amount, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
                SQLValue(new.userID),
                SQLValue(new.groupID),
                .text(name),
                SQLValue(new.renewal?.period.rawValue),
                SQLValue(new.renewal?.timeZone),
                SQLValue(new.renewal?.amount.picoDollars),
                SQLValue(act.now),
                SQLValue(act.now)
            )
            try QuotaEdit.open(
                QuotaID(id),
                user: new.userID,
                group: new.groupID,
                funded: new.total,
                endsAt: end ?? new.expiresAt,
                isActive: true,
                reason: "granted",
                actor: actor.description,
                act
            )
            try act.record(.quota, row: id, .created, by: actor)
            return try Self.detail(QuotaID(id), act)
        }
    }

    package func update(
        _ id: QuotaID,
        _ changes: QuotaChanges,
        if precondition: Precondition,
        by actor: Actor
    ) async throws(DeskError) -> QuotaDetail {
        try await desk.write { [zones] act in
            let quota = try Self.found(id, act)
            try precondition.check(quota.updatedAt)
            var edit = try QuotaEdit(id, reason: changes.reason, actor: actor.description, act)
            var fields = try edit.apply(changes, to: quota, now: act.now)
            if let renewal = changes.renewal, renewal != quota.renewal {
                let end = try renewal.map { $0.end(after: act.now, in: try Self.zone(of: $0, zones)) }
                try edit.renew(until: end)
                fields += try Self.set(renewal, of: id, act)
            }
            if let percents = changes.warningPercents {
                let text = percents.map { AlertRulesRows.text(AlertRules.steps($0)) }
                if try act.set("user_quotas", "warning_percents", to: SQLValue(text), row: id.rawValue) {
                    fields.append("warning_percents")
                }
            }
            guard !fields.isEmpty else { return try Self.detail(id, act) }
            if fields.contains("total_quota"), changes.reason.isEmpty {
                throw DeskError.refused(field: "reason", .needed)
            }
            try edit.finish()
            if let isActive = changes.isActive {
                _ = try act.set("user_quotas", "is_active", to: SQLValue(isActive), row: id.rawValue)
            }
            try Self.changed(id, .updated, fields: fields, by: actor, act)
            return try Self.detail(id, act)
        }
    }

    package func perform(
        _ act: QuotaAct,
        on id: QuotaID,
        reason: String,
        by actor: Actor,
        once: Repeatable<QuotaDetail>?
    ) async throws(DeskError) -> Once<QuotaDetail> {
        let wanted = act
        return try await change(by: actor, once) { act in
            _ = try Self.found(id, act)
            var edit = try QuotaEdit(id, reason: reason, actor: actor.description, act)
            let action: ChangeAction
            var fields = ["total_quota"]
            switch wanted {
            case .topUp(let amount):
                do {
                    try edit.topUp(by: amount)
                } catch LedgerError.overflow {
                    throw DeskError.refused(field: "amount", .tooLarge)
                }
                action = .toppedUp
            case .reduce(let amount):
                guard edit.hasEnded || amount <= edit.total.saturatingSubtracting(edit.period.captured) else {
                    throw DeskError.refused(field: "amount", .exceedsQuota)
                }
                try edit.reduce(by: amount)
                action = .reduced
            case .expire:
                try edit.end()
                action = .expired
                fields = ["expires_at"] + (try Self.set(nil, of: id, act))
            }
            try edit.finish()
            try Self.changed(id, action, fields: fields, by: actor, act)
            return try Self.detail(id, act)
        }
    }

    package func refund(
        _ amount: Money,
        of call: CallID,
        on id: QuotaID,
        reason: String,
        by actor: Actor,
        once: Repeatable<QuotaDetail>?
    ) async throws(DeskError) -> Once<QuotaDetail> {
        try await change(by: actor, once) { act in
            _ = try Self.found(id, act)
            var edit = try QuotaEdit(id, reason: reason, actor: actor.description, act)
            try edit.refund(amount, of: call)
            try edit.finish()
            try Self.changed(id, .refunded, fields: ["used_quota"], by: actor, act)
            return try Self.detail(id, act)
        }
    }

    private func change(
        by actor: Actor,
        _ once: Repeatable<QuotaDetail>?,
        _ body: @escaping @Sendable (ActTransaction) throws -> QuotaDetail
    ) async throws(DeskError) -> Once<QuotaDetail> {
        try await desk.write { act in
            try IdempotencyRows.once(once, by: actor, act) { try body(act) }
        }
    }

    private static func zone(of renewal: Renewal, _ zones: any TimeZones) throws -> Zone {
        guard let zone = zones.zone(named: renewal.timeZone) else {
            throw DeskError.refused(field: "renewal_time_zone", .unknown)
        }
        return zone
    }

    private static func set(_ renewal: Renewal?, of id: QuotaID, _ act: ActTransaction) throws -> [String] {
        try act.set(
            "user_quotas",
            [
                ("renewal", SQLValue(renewal?.period.rawValue)), ("renewal_time_zone", SQLValue(renewal?.timeZone)),
                ("renewal_amount", SQLValue(renewal?.amount.picoDollars)),
            ],
            row: id.rawValue
        )
    }

    private static func changed(
        _ id: QuotaID,
        _ action: ChangeAction,
        fields: [String],
        by actor: Actor,
        _ act: ActTransaction
    ) throws {
        try act.touch("user_quotas", row: id.rawValue)
        try act.record(.quota, row: id.rawValue, action, fields: fields, by: actor)
    }

    private static func found(_ id: QuotaID, _ act: ActTransaction) throws -> QuotaRecord {
        guard let quota = try QuotaRecords.find(id, now: act.now, act.connection) else { throw DeskError.notFound }
        return quota
    }

    private static func detail(_ id: QuotaID, _ act: ActTransaction) throws -> QuotaDetail {
        guard let quota = try QuotaRecords.detail(id, now: act.now, act.connection) else { throw DeskError.notFound }
        return quota
    }
}

extension QuotaEdit {
    /// What an administrator wants otherwise about a quota.
    /// - Returns: the names of what is new.
    fileprivate mutating func apply(
        _ changes: QuotaChanges,
        to quota: QuotaRecord,
        now: Instant
    ) throws -> [String] {
        // What is shown counts as what is wanted too: whoever writes back what was read changes nothing.
        let total = changes.total.flatMap { $0 == quota.period.total || $0 == self.total ? nil : $0 }
        let end = changes.expiresAt == .some(quota.period.grant.endsAt) ? nil : changes.expiresAt
        var fields: [String] = []
        if let end {
            if (changes.renewal ?? quota.renewal) != nil { throw DeskError.refused(field: "expires_at", .renews) }
            if let end, end <= now { throw DeskError.refused(field: "expires_at", .notFuture) }
            fields.append("expires_at")
            if hasEnded {
                // What ended stays ended: the next period begins, with all that is asked for.
                guard let funded = changes.total else { throw DeskError.conflict(.ended) }
                try begin(funded: funded, endsAt: end, isActive: changes.isActive ?? quota.isActive)
                return fields + ["total_quota"]
            }
            try reschedule(to: end)
        }
        if changes.isActive == true, !quota.isActive {
            try setActive(true)
            fields.append("is_active")
        }
        if let total {
            guard total >= period.captured else { throw DeskError.refused(field: "total_quota", .exceedsQuota) }
            do {
                try adjust(by: total.subtracting(self.total))
            } catch LedgerError.overflow {
                throw DeskError.refused(field: "total_quota", .tooLarge)
            }
            fields.append("total_quota")
        }
        if changes.isActive == false, quota.isActive {
            try setActive(false)
            fields.append("is_active")
        }
        return fields
    }
}
