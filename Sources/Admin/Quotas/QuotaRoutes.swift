import Domain
import HTTPTypes
import Hummingbird

/// `/api/admin/quotas`: auditors read, admins write; `/api/me/quotas` shows users their own.
struct QuotaRoutes: Sendable {
    private static let path = "/api/admin/quotas"
    private static let ownPath = "/api/me/quotas"
    private static let search = Parameter<String>.search(in: "its name and its user's email")
    private static let user = Parameter<UserID>.id("user")
    private static let group = Parameter<ModelGroupID>.id("model_group")
    private static let isActive = Parameter<Bool>.flag("is_active")
    private static let endsBefore = Parameter<Instant>.instant("expires_before", "Whose current period ends before.")
    private static let ordering = Parameter.ordering(QuotaQuery.Order.self)

    private static let creation = Body(
        required: [QuotaFields.user, QuotaFields.group, QuotaFields.total],
        optional: [
            QuotaFields.name, QuotaFields.expiresAt, QuotaFields.renewal, QuotaFields.timeZone,
            QuotaFields.renewalAmount,
        ],
        readOnly: QuotaAnswer.readOnly.union(["is_active", "warning_percents"])
    )
    private static let replacement = Body(
        required: [QuotaFields.total, QuotaFields.expiresAt, QuotaFields.isActive],
        optional: [
            QuotaFields.reason, QuotaFields.renewal, QuotaFields.timeZone, QuotaFields.renewalAmount,
            QuotaFields.warningPercents,
        ],
        readOnly: QuotaAnswer.readOnly.union(["user", "model_group", "name"])
    )
    private static let movement = Body(required: [QuotaFields.amount, QuotaFields.reason])
    private static let ending = Body(required: [QuotaFields.reason])
    private static let refund = Body(required: [QuotaFields.call, QuotaFields.amount, QuotaFields.reason])

    let administration: Administration

    private var quotas: any Quotas { administration.quotas }

    var operations: [Operation] { reading + writing + own }

    private var reading: [Operation] {
        [
            .guarded(
                .get,
                Self.path,
                atLeast: .auditor,
                "Quotas, each with how its current period stands.",
                query: [Self.search, Self.user, Self.group, Self.isActive, Self.endsBefore, Self.ordering]
                    + PageNumber.parameters,
                gives: .page(of: QuotaAnswer.shape)
            ) { asked, _ in
                var list = try asked.query()
                return try await answer(&list, of: list.value(Self.user))
            },
            .guarded(
                .get,
                Self.path + "/{id}",
                atLeast: .auditor,
                "A quota with its newest periods and entries.",
                gives: .ok(QuotaDetailAnswer.shape)
            ) { asked, _ in
                Self.answer(try await quota(try asked.id()))
            },
        ]
    }

    private var own: [Operation] {
        [
            .guarded(
                .get,
                Self.ownPath,
                atLeast: .user,
                "One's own quotas.",
                query: [Self.search, Self.group, Self.isActive, Self.endsBefore, Self.ordering] + PageNumber.parameters,
                gives: .page(of: QuotaAnswer.shape)
            ) { asked, caller in
                var list = try asked.query()
                return try await answer(&list, of: caller.user)
            },
            .guarded(
                .get,
                Self.ownPath + "/{id}",
                atLeast: .user,
                "One of one's own quotas, with its newest periods and entries.",
                gives: .ok(QuotaDetailAnswer.shape)
            ) { asked, caller in
                Self.answer(try await quota(try asked.id(), of: caller.user))
            },
        ]
    }

    private var writing: [Operation] {
        [
            .guarded(
                .post,
                Self.path,
                atLeast: .admin,
                "Grants a user a quota.",
                body: Self.creation,
                isRepeatable: true,
                gives: .created(QuotaDetailAnswer.shape),
                create
            ),
            .guarded(
                .put,
                Self.path + "/{id}",
                atLeast: .admin,
                """
                Replaces what can be written of a quota. Another total_quota is an adjustment and needs a reason. Of a quota \
                that has ended, a later expires_at begins the next period, with total_quota.
                """,
                body: Self.replacement,
                gives: .ok(QuotaDetailAnswer.shape),
                update
            ),
            .guarded(
                .patch,
                Self.path + "/{id}",
                atLeast: .admin,
                "Changes the members that are given of a quota, as PUT does.",
                body: Self.replacement.partial,
                gives: .ok(QuotaDetailAnswer.shape),
                update
            ),
            .guarded(
                .delete,
                Self.path + "/{id}",
                atLeast: .admin,
                "Deactivates a quota; none is deleted, since calls were paid from it.",
                gives: .empty
            ) { asked, caller in
                var changes = QuotaChanges()
                changes.isActive = false
                changes.reason = "deactivated"
                _ = try await quotas.update(try asked.id(), changes, if: asked.precondition, by: caller.actor)
                return JSONAnswer.empty
            },
            .guarded(
                .post,
                Self.path + "/{id}/top-up",
                atLeast: .admin,
                "Adds money to the current period; what is still to be taken eats of it first.",
                body: Self.movement,
                isRepeatable: true,
                gives: .ok(QuotaDetailAnswer.shape)
            ) { asked, caller in
                try await move(asked, caller) { .topUp($0) }
            },
            .guarded(
                .post,
                Self.path + "/{id}/reduce",
                atLeast: .admin,
                "Takes money of the current period: what is available at once, the rest as running calls end.",
                body: Self.movement,
                isRepeatable: true,
                gives: .ok(QuotaDetailAnswer.shape)
            ) { asked, caller in
                try await move(asked, caller) { .reduce($0) }
            },
            .guarded(
                .post,
                Self.path + "/{id}/expire",
                atLeast: .admin,
                "Ends a quota now; running calls may still be charged. Ended before, it forfeits what it had left.",
                body: Self.ending,
                isRepeatable: true,
                gives: .ok(QuotaDetailAnswer.shape),
                expire
            ),
            .guarded(
                .post,
                Self.path + "/{id}/refund",
                atLeast: .admin,
                "Gives part of a call's charge back, at most what was charged and not given back yet.",
                body: Self.refund,
                isRepeatable: true,
                gives: .ok(QuotaDetailAnswer.shape),
                refund
            ),
        ]
    }

    private static func answer(_ detail: QuotaDetail) -> Response {
        JSONAnswer.response(QuotaDetailAnswer(detail: detail), version: detail.quota.updatedAt)
    }

    /// - Parameter isNew: says where it is to be found.
    @Sendable private static func kept(_ detail: QuotaDetail, isNew: Bool) -> KeptAnswer {
        KeptAnswer(
            QuotaDetailAnswer(detail: detail),
            version: detail.quota.updatedAt,
            location: isNew ? "\(path)/\(detail.quota.id)/" : nil
        )
    }

    private static func answer(_ outcome: Once<QuotaDetail>, isNew: Bool = false) throws(ControlError) -> Response {
        switch outcome {
        case .made(let detail): return kept(detail, isNew: isNew).response()
        case .before(let bytes):
            guard let answer = KeptAnswer(bytes) else { throw .internalError }
            return answer.response(isRepeated: true)
        }
    }

    // MARK: Reading

    private func answer(_ list: inout ListQuery, of user: UserID?) async throws -> Response {
        var query = QuotaQuery()
        query.search = list.value(Self.search)
        query.userID = user
        query.groupID = list.value(Self.group)
        query.isActive = list.value(Self.isActive)
        query.endsBefore = list.value(Self.endsBefore)
        let page: PageNumber
        (query.window, page) = try list.window(Self.ordering, unlessSaid: .id)
        return try list.answer(try await quotas.quotas(query), page: page, item: QuotaAnswer.init(quota:))
    }

    private func quota(_ id: QuotaID, of owner: UserID? = nil) async throws -> QuotaDetail {
        guard let detail = try await quotas.quota(id, of: owner) else { throw ControlError.missing }
        return detail
    }

    // MARK: Writing

    @Sendable private func create(_ asked: AdminRequest, _ caller: Caller) async throws -> Response {
        var form = try await asked.form()
        let user = form.value(QuotaFields.user)
        let group = form.value(QuotaFields.group)
        let total = form.value(QuotaFields.total)
        let name = form.value(QuotaFields.name)
        let expiresAt = form.value(QuotaFields.expiresAt) ?? nil
        let renewal = Self.renewal(&form, of: nil, total: total) ?? nil
        if renewal != nil, expiresAt != nil { form.contradict("expires_at", "Its periods end when its renewal says.") }
        let once = form.once(asked.request) { Self.kept($0, isNew: true) }
        try form.finish()
        guard let user, let group, let total else { throw ControlError.internalError }
        let outcome = try await quotas.grant(
            NewQuota(userID: user, groupID: group, name: name, total: total, expiresAt: expiresAt, renewal: renewal),
            by: caller.actor,
            once: once
        )
        return try Self.answer(outcome, isNew: true)
    }

    @Sendable private func update(_ asked: AdminRequest, _ caller: Caller) async throws -> Response {
        let before = try await quota(try asked.id())
        var form = try await asked.form()
        var changes = QuotaChanges()
        changes.total = form.value(QuotaFields.total)
        changes.expiresAt = form.value(QuotaFields.expiresAt)
        changes.isActive = form.value(QuotaFields.isActive)
        let reason = form.value(QuotaFields.reason)
        if !form.has("reason"), let total = changes.total, total != before.quota.period.total {
            form.contradict("reason", "This field is required when money moves.")
        }
        changes.warningPercents = form.value(QuotaFields.warningPercents)
        changes.renewal = Self.renewal(&form, of: before.quota.renewal, total: before.quota.period.total)
        try form.finish()
        changes.reason = reason ?? ""
        let id = before.quota.id
        return Self.answer(try await quotas.update(id, changes, if: asked.precondition, by: caller.actor))
    }

    /// What of a renewal is given goes over what there is.
    /// - Returns: nil where nothing of it is given.
    private static func renewal(_ form: inout Form, of current: Renewal?, total: Money?) -> Renewal?? {
        let period = form.value(QuotaFields.renewal)
        let timeZone = form.value(QuotaFields.timeZone)
        let amount = form.value(QuotaFields.renewalAmount)
        guard form.has("renewal") || timeZone != nil || amount != nil else { return nil }
        guard let wanted = period ?? current?.period else {
            for name in ["renewal_time_zone", "renewal_amount"] where form.has(name) {
                form.contradict(name, "Only beside a renewal.")
            }
            return .some(nil)
        }
        guard let timeZone = timeZone ?? current?.timeZone else {
            form.contradict("renewal_time_zone", "A renewal needs a time zone.")
            return nil
        }
        return Renewal(period: wanted, timeZone: timeZone, amount: amount ?? current?.amount ?? total ?? .zero)
    }

    private func move(
        _ asked: AdminRequest,
        _ caller: Caller,
        by act: (Money) -> QuotaAct
    ) async throws -> Response {
        let id: QuotaID = try asked.id()
        var form = try await asked.form()
        let amount = form.value(QuotaFields.amount)
        let reason = form.value(QuotaFields.reason)
        let once = form.once(asked.request) { Self.kept($0, isNew: false) }
        try form.finish()
        guard let amount, let reason else { throw ControlError.internalError }
        return try Self.answer(
            await quotas.perform(act(amount), on: id, reason: reason, by: caller.actor, once: once)
        )
    }

    @Sendable private func expire(_ asked: AdminRequest, _ caller: Caller) async throws -> Response {
        let id: QuotaID = try asked.id()
        var form = try await asked.form()
        let reason = form.value(QuotaFields.reason)
        let once = form.once(asked.request) { Self.kept($0, isNew: false) }
        try form.finish()
        guard let reason else { throw ControlError.internalError }
        return try Self.answer(
            await quotas.perform(.expire, on: id, reason: reason, by: caller.actor, once: once)
        )
    }

    @Sendable private func refund(_ asked: AdminRequest, _ caller: Caller) async throws -> Response {
        let id: QuotaID = try asked.id()
        var form = try await asked.form()
        let call = form.value(QuotaFields.call)
        let amount = form.value(QuotaFields.amount)
        let reason = form.value(QuotaFields.reason)
        let once = form.once(asked.request) { Self.kept($0, isNew: false) }
        try form.finish()
        guard let call, let amount, let reason else { throw ControlError.internalError }
        return try Self.answer(
            await quotas.refund(amount, of: call, on: id, reason: reason, by: caller.actor, once: once)
        )
    }
}
