import Domain
import HTTPTypes
import Hummingbird

/// `/api/admin/alert-channels`: where alerts are told.
struct AlertChannelRoutes: Sendable {
    private static let path = "/api/admin/alert-channels"
    private static let search = Parameter<String>.search(in: "name")
    private static let kind = Parameter<AlertChannelKind>.choice("kind")
    private static let isActive = Parameter<Bool>.flag("is_active")
    private static let ordering = Parameter.ordering(AlertChannelQuery.Order.self)

    private static let creation = Body(
        required: [AlertChannelFields.name, AlertChannelFields.kind],
        optional: AlertChannelFields.changeable + [AlertChannelFields.isActive],
        readOnly: AlertChannelAnswer.readOnly
    )
    private static let replacement = Body(
        required: [AlertChannelFields.name, AlertChannelFields.isActive],
        optional: AlertChannelFields.changeable,
        readOnly: AlertChannelAnswer.readOnly.union(["kind"])
    )

    let alerting: Alerting

    private var channels: any AlertChannels { alerting.channels }

    var operations: [Operation] {
        [
            .guarded(
                .get,
                Self.path,
                atLeast: .auditor,
                "Channels that alerts are told by.",
                query: [Self.search, Self.kind, Self.isActive, Self.ordering] + PageNumber.parameters,
                gives: .page(of: AlertChannelAnswer.shape),
                list
            ),
            .guarded(
                .post,
                Self.path,
                atLeast: .admin,
                "Makes a channel.",
                body: Self.creation,
                gives: .created(AlertChannelAnswer.shape),
                create
            ),
            .guarded(
                .get,
                Self.path + "/{id}",
                atLeast: .auditor,
                "A channel.",
                gives: .ok(AlertChannelAnswer.shape)
            ) { asked, _ in
                Self.answer(try await found(try asked.id()))
            },
            .guarded(
                .put,
                Self.path + "/{id}",
                atLeast: .admin,
                "Replaces a channel; what is not given stays, and its secret too unless where it leads changes.",
                body: Self.replacement,
                gives: .ok(AlertChannelAnswer.shape),
                update
            ),
            .guarded(
                .patch,
                Self.path + "/{id}",
                atLeast: .admin,
                "Changes the members that are given of a channel; another url or mail server clears its secret.",
                body: Self.replacement.partial,
                gives: .ok(AlertChannelAnswer.shape),
                update
            ),
            .guarded(
                .delete,
                Self.path + "/{id}",
                atLeast: .admin,
                "Deactivates a channel; none is deleted, since deliveries name them.",
                gives: .empty
            ) { asked, caller in
                var changes = AlertChannelChanges()
                changes.isActive = false
                _ = try await channels.update(try asked.id(), changes, if: asked.precondition, by: caller.actor)
                return JSONAnswer.empty
            },
            .guarded(
                .post,
                Self.path + "/{id}/test",
                atLeast: .admin,
                "Tells the channel's own recipients, or for owners its mail_from, that this is a test.",
                body: .nothing,
                gives: .ok(AlertChannelTestAnswer.shape),
                test
            ),
        ]
    }

    private static func answer(_ channel: AlertChannelRecord) -> Response {
        JSONAnswer.response(AlertChannelAnswer(channel: channel), version: channel.updatedAt)
    }

    private func found(_ id: AlertChannelID) async throws -> AlertChannelRecord {
        guard let channel = try await channels.channel(id) else { throw ControlError.missing }
        return channel
    }

    @Sendable private func list(_ asked: AdminRequest, _ caller: Caller) async throws -> Response {
        var list = try asked.query()
        var query = AlertChannelQuery()
        query.search = list.value(Self.search)
        query.kind = list.value(Self.kind)
        query.isActive = list.value(Self.isActive)
        let page: PageNumber
        (query.window, page) = try list.window(Self.ordering, unlessSaid: .id)
        return try list.answer(try await channels.channels(query), page: page, item: AlertChannelAnswer.init(channel:))
    }

    @Sendable private func create(_ asked: AdminRequest, _ caller: Caller) async throws -> Response {
        var form = try await asked.form()
        let name = form.value(AlertChannelFields.name)
        let kind = form.value(AlertChannelFields.kind)
        var changes = AlertChannelFields.changes(&form)
        changes.isActive = form.value(AlertChannelFields.isActive)
        if let kind { AlertChannelCheck.check(changes, of: kind, stored: nil, &form) }
        try form.finish()
        guard let name, let kind else { throw ControlError.internalError }
        if kind == .email {
            changes.mailPort = changes.mailPort ?? 587
            changes.mailSecurity = changes.mailSecurity ?? .starttls
        }
        try checkAddress(changes, stored: nil)
        let channel = try await channels.create(
            NewAlertChannel(name: name, kind: kind, changes: changes),
            by: caller.actor
        )
        return JSONAnswer.created(
            AlertChannelAnswer(channel: channel),
            at: Self.path,
            id: channel.id,
            version: channel.updatedAt
        )
    }

    @Sendable private func update(_ asked: AdminRequest, _ caller: Caller) async throws -> Response {
        let id: AlertChannelID = try asked.id()
        var form = try await asked.form()
        let stored = try await found(id)
        var changes = AlertChannelFields.changes(&form)
        changes.name = form.value(AlertChannelFields.name)
        changes.isActive = form.value(AlertChannelFields.isActive)
        AlertChannelCheck.check(changes, of: stored.kind, stored: stored, &form)
        try form.finish()
        try checkAddress(changes, stored: stored)
        return Self.answer(try await channels.update(id, changes, if: asked.precondition, by: caller.actor))
    }

    @Sendable private func test(_ asked: AdminRequest, _ caller: Caller) async throws -> Response {
        let id: AlertChannelID = try asked.id()
        try await asked.expectNothing()
        // Noted first: what leaves with the secret is in the audit even if nothing comes back.
        let target = try await channels.targetForTest(id, by: caller.actor)
        let problem = await alerting.sender.test(target, at: alerting.now())
        return JSONAnswer.response(AlertChannelTestAnswer(problem: problem, language: asked.language))
    }

    /// - Throws: 422 for where no channel may stand, or not with these settings.
    private func checkAddress(_ changes: AlertChannelChanges, stored: AlertChannelRecord?) throws(DeskError) {
        let allowsPrivate = alerting.sender.allowsPrivate
        if let url = changes.url {
            try Self.refuse(AddressPolicy.verdict(url.origin, allowsPrivate: allowsPrivate), "url")
        }
        if let host = changes.mailHost ?? stored?.mail?.host, let port = changes.mailPort ?? stored?.mail?.port {
            try Self.refuse(
                AddressPolicy.verdict(mailHost: host, port: port, allowsPrivate: allowsPrivate),
                "mail_host"
            )
        }
    }

    private static func refuse(_ verdict: AddressPolicy.Verdict, _ field: String) throws(DeskError) {
        switch verdict {
        case .allowed: break
        case .needsAllowPrivate: throw .refused(field: field, .privateAddress)
        case .forbidden: throw .refused(field: field, .forbiddenAddress)
        }
    }
}
