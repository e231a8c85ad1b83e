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
            let fields = try update(wish, posted, transaction)
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
        try QuotaEdit.open(
            QuotaID(id),
            user: user,
            group: group,
            funded: total,
            endsAt: endsAt,
            isActive: isActive,
            reason: "apply",
            actor: "apply",
            transaction.act
        )
        try transaction.record(.quota, label, row: id, .created)
    }

    private func update(
        _ wish: DesiredQuota,
        _ posted: PostedQuota,
        _ transaction: ApplyTransaction
    ) throws -> [String] {
        let now = transaction.now
        var edit = try QuotaEdit(posted.id, reason: "apply", actor: "apply", transaction.act)
        var fields: [String] = []
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
            if edit.hasEnded {
                // What ended stays ended; the file's new words begin the next period, with its whole total.
                guard let total, expiry.map({ $0 > now }) ?? true else { throw LedgerError.ended }
                try edit.begin(funded: total, endsAt: expiry, isActive: wish.isActive ?? posted.isActive)
                try edit.finish()
                if total != posted.total { fields.append("total_quota") }
                try post(wish, total: total, expiry: expiry, posted, transaction)
                return fields
            }
            if let expiry, expiry <= edit.period.startsAt {
                throw ApplyProblem(
                    line: wish.line,
                    reason:
                        "quota '\(wish.name)': expires_at is before its period begins, \(edit.period.startsAt)"
                )
            }
            try edit.reschedule(to: expiry)
        }
        if let isActive = wish.isActive, isActive != posted.isActive {
            fields.append("is_active")
            try edit.setActive(isActive)
        }
        if let total, wish.total != nil, total != posted.total || isRevived {
            let from = isRevived ? edit.total : posted.total ?? edit.total
            try edit.adjust(by: total.subtracting(from))
            if total != posted.total { fields.append("total_quota") }
        }
        guard !fields.isEmpty else { return [] }
        try edit.finish()
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

    private static func explain(_ error: LedgerError) -> String {
        switch error {
        case .ended: "has ended or is inactive; give it a later expires_at or make it active"
        case .overflow: "is more than $9,000,000, the largest quota there is"
        default: "\(error)"
        }
    }
}
