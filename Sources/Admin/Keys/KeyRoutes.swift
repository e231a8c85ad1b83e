import Domain
import HTTPTypes
import Hummingbird

/// `/api/admin/keys`: auditors read, admins write; `/api/me/keys`: users keep their own.
struct KeyRoutes: Sendable {
    /// Whose keys an operation is about.
    private enum Scope {
        case everybody, own

        var path: String {
            switch self {
            case .everybody: "/api/admin/keys"
            case .own: "/api/me/keys"
            }
        }
        var reader: Role { self == .own ? .user : .auditor }
        var writer: Role { self == .own ? .user : .admin }

        func owner(_ caller: Caller) -> UserID? { self == .own ? caller.user : nil }
    }

    private static let search = Parameter<String>.search(in: "its name and its user's email")
    private static let user = Parameter<UserID>.id("user")
    private static let isActive = Parameter<Bool>.flag("is_active")
    private static let ordering = Parameter.ordering(KeyQuery.Order.self)
    private static let rotation = Body(optional: [KeyFields.graceSeconds], mayBeAbsent: true)

    let administration: Administration

    private var keys: any APIKeys { administration.keys }

    var operations: [Operation] { operations(.everybody) + operations(.own) }

    private static func creation(_ scope: Scope) -> Body {
        Body(
            required: scope == .own ? [KeyFields.name] : [KeyFields.user, KeyFields.name],
            optional: [
                KeyFields.allowedModels, KeyFields.allowedAddresses, KeyFields.expiresAt, KeyFields.spendingLimit,
            ] + RateLimitFields.all + administrators(scope),
            readOnly: KeyAnswer.readOnly.union(scope == .own ? ["user", KeyFields.capture.name] : [])
        )
    }

    private static func replacement(_ scope: Scope) -> Body {
        Body(
            required: [
                KeyFields.name, KeyFields.allowedModels, KeyFields.allowedAddresses, KeyFields.expiresAt,
                KeyFields.spendingLimit,
            ] + RateLimitFields.all + administrators(scope),
            readOnly: KeyAnswer.readOnly.union(scope == .own ? ["user", KeyFields.capture.name] : ["user"])
        )
    }

    /// What users read of their keys and do not set: whether they are recorded is not theirs to say.
    private static func administrators(_ scope: Scope) -> [any Declaration] {
        scope == .own ? [] : [KeyFields.capture]
    }

    private func operations(_ scope: Scope) -> [Operation] {
        let own = scope == .own ? "one's own " : ""
        return [
            .guarded(
                .get,
                scope.path,
                atLeast: scope.reader,
                "Lists \(own)keys.",
                query: (scope == .own ? [] : [Self.user] as [any Declaration])
                    + [Self.search, Self.isActive, Self.ordering] + ListUsage.parameters + PageNumber.parameters,
                gives: ListUsage.page(of: KeyAnswer.shape)
            ) { asked, caller in
                try await list(asked, scope, caller)
            },
            .guarded(
                .post,
                scope.path,
                atLeast: scope.writer,
                "Makes a key; the answer shows it this once.",
                body: Self.creation(scope),
                gives: .created(KeyAnswer.newShape)
            ) { asked, caller in
                try await create(asked, scope, caller)
            },
            .guarded(
                .get,
                scope.path + "/{id}",
                atLeast: scope.reader,
                "Shows one of \(own)keys.",
                gives: .ok(KeyAnswer.shape)
            ) { asked, caller in
                guard let key = try await keys.key(try asked.id(), of: scope.owner(caller)) else {
                    throw ControlError.missing
                }
                return Self.answer(key)
            },
            .guarded(
                .put,
                scope.path + "/{id}",
                atLeast: scope.writer,
                "Replaces what can be written of a key.",
                body: Self.replacement(scope),
                gives: .ok(KeyAnswer.shape)
            ) { asked, caller in
                try await update(asked, scope, caller)
            },
            .guarded(
                .patch,
                scope.path + "/{id}",
                atLeast: scope.writer,
                "Changes the members that are given of a key.",
                body: Self.replacement(scope).partial,
                gives: .ok(KeyAnswer.shape)
            ) { asked, caller in
                try await update(asked, scope, caller)
            },
            .guarded(
                .delete,
                scope.path + "/{id}",
                atLeast: scope.writer,
                "Revokes a key within two seconds, for good; running calls end and are billed.",
                gives: .empty
            ) { asked, caller in
                var changes = KeyChanges()
                changes.isActive = false
                _ = try await keys.update(
                    try asked.id(),
                    of: scope.owner(caller),
                    changes,
                    if: asked.precondition,
                    by: caller.actor
                )
                return JSONAnswer.empty
            },
            .guarded(
                .post,
                scope.path + "/{id}/rotate",
                atLeast: scope.writer,
                "Gives a key a new secret, shown this once; the old one ends within two seconds, or after its grace.",
                body: Self.rotation,
                gives: .ok(KeyAnswer.newShape)
            ) { asked, caller in
                let id: APIKeyID = try asked.id()
                var form = try await asked.form()
                let grace = form.value(KeyFields.graceSeconds)
                try form.finish()
                let new = try await keys.rotate(
                    id,
                    of: scope.owner(caller),
                    graceSeconds: grace ?? 0,
                    by: caller.actor
                )
                return JSONAnswer.response(
                    KeyAnswer(key: new.key, secret: new.secret),
                    version: new.key.updatedAt
                )
            },
        ]
    }

    private static func answer(_ key: KeyRecord) -> Response {
        JSONAnswer.response(KeyAnswer(key: key), version: key.updatedAt)
    }

    private func list(_ asked: AdminRequest, _ scope: Scope, _ caller: Caller) async throws -> Response {
        var list = try asked.query()
        var query = KeyQuery()
        query.userID = scope == .own ? caller.user : list.value(Self.user)
        query.search = list.value(Self.search)
        query.isActive = list.value(Self.isActive)
        let included = administration.listUsage.asked(&list)
        let page: PageNumber
        (query.window, page) = try list.window(Self.ordering, unlessSaid: .id)
        return try await administration.listUsage.answer(
            list,
            try await keys.keys(query),
            page: page,
            included,
            by: .key,
            id: \.id.rawValue
        ) { KeyAnswer(key: $0) }
    }

    private func create(_ asked: AdminRequest, _ scope: Scope, _ caller: Caller) async throws -> Response {
        var form = try await asked.form()
        let user = scope == .own ? caller.user : form.value(KeyFields.user)
        let changes = Self.changes(&form, scope)
        try form.finish()
        guard let user else { throw ControlError.internalError }
        let new = try await keys.create(changes, of: user, by: caller.actor)
        return JSONAnswer.created(
            KeyAnswer(key: new.key, secret: new.secret),
            at: scope.path,
            id: new.key.id,
            version: new.key.updatedAt
        )
    }

    private func update(_ asked: AdminRequest, _ scope: Scope, _ caller: Caller) async throws -> Response {
        let id: APIKeyID = try asked.id()
        var form = try await asked.form()
        let changes = Self.changes(&form, scope)
        try form.finish()
        return Self.answer(
            try await keys.update(
                id,
                of: scope.owner(caller),
                changes,
                if: asked.precondition,
                by: caller.actor
            )
        )
    }

    private static func changes(_ form: inout Form, _ scope: Scope) -> KeyChanges {
        var changes = KeyChanges()
        changes.name = form.value(KeyFields.name)
        changes.allowedModels = form.value(KeyFields.allowedModels)
        if let addresses = form.value(KeyFields.allowedAddresses) {
            let ranges = addresses?.map { AddressRange(parsing: $0) }
            if ranges?.contains(nil) == true {
                form.contradict("allowed_addresses", "Must be a range of addresses, such as 10.0.0.0/8.")
            }
            changes.allowedAddresses = .some(ranges?.compactMap(\.self))
        }
        changes.rateLimit = form.rateLimit()
        if scope == .everybody { changes.capture = form.value(KeyFields.capture) }
        changes.expiresAt = form.value(KeyFields.expiresAt)
        changes.spendingLimit = form.value(KeyFields.spendingLimit)
        return changes
    }
}
