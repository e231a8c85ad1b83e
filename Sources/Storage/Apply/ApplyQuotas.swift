import Domain

extension Applier {
    /// Posts what is new about the file's words since they were last posted, and only that: what others changed
    /// meanwhile stays. The words are kept on the quota and compared in this transaction.
    func applyQuota(
        _ wish: DesiredQuota,
        of user: DesiredUser,
        user userID: UserID,
        _ transaction: inout ApplyTransaction
    ) throws {
        let label = "\(user.email) \(wish.name)"
        let connection = transaction.connection
        guard let group = try transaction.id("model_groups", "name", wish.groupName) else {
            throw ApplyProblem(line: wish.line, reason: "there is no model group '\(wish.groupName)'")
        }
        let rows = try connection.query(
            "SELECT id, model_group_id, posted_total, posted_expires_at, is_active FROM user_quotas WHERE user_id = ? AND name = ?",
            SQLValue(userID),
            .text(wish.name)
        ) { row in
            PostedQuota(
                id: row.id(0),
                group: row.int64(1),
                total: row.isNull(2) ? nil : row.money(2),
                expiresAt: row.optionalInstant(3),
                isActive: row.bool(4)
            )
        }
        guard let posted = rows.first else {
            return try create(wish, label: label, user: userID, group: ModelGroupID(group), &transaction)
        }
        guard posted.group == group else {
            throw ApplyProblem(
                line: wish.line,
                reason: "quota '\(wish.name)' is for another model group; name a new one"
            )
        }
        do {
            let fields = try update(wish, posted, user: userID, group: ModelGroupID(group), transaction)
            if !fields.isEmpty {
                try transaction.record(.quota, label, row: posted.id.rawValue, .updated, fields: fields)
            }
        } catch let error as LedgerError {
            throw ApplyProblem(line: wish.line, reason: "quota '\(wish.name)': \(Self.explain(error))")
        }
    }

    private struct PostedQuota {
        let id: QuotaID
        let group: Int64
        let total: Money?
        let expiresAt: Instant?
        let isActive: Bool
    }

    private func create(
        _ wish: DesiredQuota,
        label: String,
        user: UserID,
        group: ModelGroupID,
        _ transaction: inout ApplyTransaction
    ) throws {
        guard let total = wish.total else {
            throw ApplyProblem(line: wish.line, reason: "quota '\(wish.name)' is new and needs a total_quota")
        }
        guard total <= Balance.largest else {
            throw ApplyProblem(line: wish.line, reason: "quota '\(wish.name)': \(Self.explain(.overflow))")
        }
        var endsAt: Instant?
        if case .at(let instant) = wish.expiry {
            guard instant > transaction.now else {
                throw ApplyProblem(line: wish.line, reason: "quota '\(wish.name)': expires_at is in the past")
            }
            endsAt = instant
        }
        let isActive = wish.isActive ?? true
        let id = try transaction.connection.insert(
            "INSERT INTO user_quotas (user_id, model_group_id, name, posted_total, posted_expires_at, is_active, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
            SQLValue(user),
            SQLValue(group),
            .text(wish.name),
            SQLValue(total),
            SQLValue(endsAt),
            SQLValue(isActive),
            SQLValue(transaction.now),
            SQLValue(transaction.now)
        )
        try insertGrant(
            quota: QuotaID(id),
            user: user,
            group: group,
            ordinal: 1,
            startsAt: transaction.now,
            endsAt: endsAt,
            isActive: isActive,
            funded: total,
            transaction
        )
        try transaction.record(.quota, label, row: id, .created)
    }

    private func update(
        _ wish: DesiredQuota,
        _ posted: PostedQuota,
        user: UserID,
        group: ModelGroupID,
        _ transaction: ApplyTransaction
    ) throws -> [String] {
        let connection = transaction.connection
        let now = transaction.now
        var balances = Balances(minimumCapacity: 4)
        try LaneRows.load(holder: user, group, into: &balances, connection)
        let newest = try connection.query(
            "SELECT id FROM quota_grants WHERE quota_id = ? ORDER BY ordinal DESC LIMIT 1",
            SQLValue(posted.id)
        ) { $0.id(0, GrantID.self) }.first
        guard let newest, let grant = balances[newest] else { throw StorageError.constraint("a quota without a grant") }

        var fields: [String] = []
        var entries: [Entry] = []
        let expiry: Instant? =
            switch wish.expiry {
            case .unnamed: posted.expiresAt
            case .never: nil
            case .at(let instant): instant
            }
        let total = wish.total ?? posted.total
        let isRevived = !posted.isActive && wish.isActive == true

        if expiry != posted.expiresAt {
            fields.append("expires_at")
            if grant.hasEnded(at: now) {
                // What ended stays ended; the file's new words begin the next period, with its whole total.
                guard let total, expiry.map({ $0 > now }) ?? true else { throw LedgerError.ended }
                try insertGrant(
                    quota: posted.id,
                    user: user,
                    group: group,
                    ordinal: grant.ordinal + 1,
                    startsAt: grant.endsAt ?? now,
                    endsAt: expiry,
                    isActive: wish.isActive ?? posted.isActive,
                    funded: total,
                    transaction
                )
                if total != posted.total { fields.append("total_quota") }
                try post(wish, total: total, expiry: expiry, posted, transaction)
                return fields
            }
            if let expiry, expiry <= grant.startsAt {
                throw ApplyProblem(
                    line: wish.line,
                    reason: "quota '\(wish.name)': expires_at is before its period begins, \(grant.startsAt)"
                )
            }
            if let entry = try balances.reschedule(newest, endsAt: expiry, now: now) { entries.append(entry) }
        }
        if let isActive = wish.isActive, isActive != posted.isActive {
            fields.append("is_active")
            if isActive {
                try balances.activate(newest)
            } else if let entry = try balances.deactivate(newest) {
                entries.append(entry)
            }
        }
        if let total, wish.total != nil, total != posted.total || isRevived {
            let from =
                isRevived || posted.total == nil
                ? try Self.total(of: balances[newest] ?? grant) : posted.total ?? .zero
            if let entry = try balances.adjust(newest, by: total.subtracting(from), now: now) { entries.append(entry) }
            if total != posted.total { fields.append("total_quota") }
        }
        guard !fields.isEmpty else { return [] }
        try LaneRows.save(balances, connection)
        for entry in entries {
            try LaneRows.append(entry, call: nil, reason: "apply", actor: "apply", now: now, connection)
        }
        try post(wish, total: total, expiry: expiry, posted, transaction)
        return fields
    }

    /// Keeps the file's words. - Throws: `StorageError.busy` if another apply has posted since they were read.
    private func post(
        _ wish: DesiredQuota,
        total: Money?,
        expiry: Instant?,
        _ posted: PostedQuota,
        _ transaction: ApplyTransaction
    ) throws {
        let changed = try transaction.connection.execute(
            "UPDATE user_quotas SET posted_total = ?, posted_expires_at = ?, is_active = ?, updated_at = ? WHERE id = ? AND posted_total IS ? AND posted_expires_at IS ?",
            total.map { SQLValue($0) } ?? .null,
            SQLValue(expiry),
            SQLValue(wish.isActive ?? posted.isActive),
            SQLValue(transaction.now),
            SQLValue(posted.id),
            posted.total.map { SQLValue($0) } ?? .null,
            SQLValue(posted.expiresAt)
        )
        guard changed == 1 else { throw StorageError.busy }
    }

    private func insertGrant(
        quota: QuotaID,
        user: UserID,
        group: ModelGroupID,
        ordinal: Int64,
        startsAt: Instant,
        endsAt: Instant?,
        isActive: Bool,
        funded: Money,
        _ transaction: ApplyTransaction
    ) throws {
        let id = try transaction.connection.insert(
            "INSERT INTO quota_grants (quota_id, user_id, group_id, ordinal, starts_at, ends_at, is_active, funded, available, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
            SQLValue(quota),
            SQLValue(user),
            SQLValue(group),
            .integer(ordinal),
            SQLValue(startsAt),
            SQLValue(endsAt),
            SQLValue(isActive),
            SQLValue(funded),
            SQLValue(funded),
            SQLValue(transaction.now)
        )
        try LaneRows.append(
            Entry(lane: .grant(GrantID(id)), kind: .opening, amount: funded),
            call: nil,
            reason: "apply",
            actor: "apply",
            now: transaction.now,
            transaction.connection
        )
    }

    /// What a quota comes to: funded − forfeited − what is still to be taken.
    private static func total(of grant: Grant) throws(MoneyError) -> Money {
        try grant.funded.subtracting(grant.forfeited).subtracting(grant.pendingClawback)
    }

    private static func explain(_ error: LedgerError) -> String {
        switch error {
        case .ended: "has ended or is inactive; give it a later expires_at or make it active"
        case .overflow: "is more than $9,000,000, the largest quota there is"
        default: "\(error)"
        }
    }
}
