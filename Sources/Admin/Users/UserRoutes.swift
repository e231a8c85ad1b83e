import Domain
import HTTPTypes
import Hummingbird

/// `/api/admin/users`: auditors read, admins write, super admins also write super admins.
struct UserRoutes: Sendable {
    private static let path = "/api/admin/users"
    private static let search = Parameter<String>.search(in: "email and name")
    private static let role = Parameter<Role>.choice("role")
    private static let isActive = Parameter<Bool>.flag("is_active")
    private static let ordering = Parameter.ordering(AccountQuery.Order.self)

    private static let creation = Body(
        required: [AccountFields.email, AccountFields.name],
        optional: [AccountFields.role, AccountFields.isSuperAdmin, AccountFields.password] + RateLimitFields.all,
        readOnly: AccountAnswer.readOnly.union(["is_active"])
    )
    /// `role` is required too, unless its alias says it.
    private static let replacement = Body(
        required: [AccountFields.email, AccountFields.name, AccountFields.isActive] + RateLimitFields.all,
        optional: [AccountFields.role, AccountFields.isSuperAdmin, AccountFields.password],
        readOnly: AccountAnswer.readOnly,
        rules: [
            "anyOf": .array(
                ["role", "is_super_admin"].map { .object(["required": .array([.string($0)])]) }
            )
        ]
    )

    let administration: Administration

    private var accounts: any Accounts { administration.accounts }

    var operations: [Operation] {
        [
            .guarded(
                .get,
                Self.path,
                atLeast: .auditor,
                "Users.",
                query: [Self.search, Self.role, Self.isActive, Self.ordering] + ListUsage.parameters
                    + PageNumber.parameters,
                gives: ListUsage.page(of: AccountAnswer.shape),
                list
            ),
            .guarded(
                .post,
                Self.path,
                atLeast: .admin,
                "Makes a user. Without a password nobody can sign in as this one; keys work.",
                body: Self.creation,
                gives: .created(AccountAnswer.shape),
                create
            ),
            .guarded(
                .get,
                Self.path + "/{id}",
                atLeast: .auditor,
                "A user.",
                gives: .ok(AccountAnswer.shape)
            ) { asked, _ in
                Self.answer(try await account(try asked.id()))
            },
            .guarded(
                .put,
                Self.path + "/{id}",
                atLeast: .admin,
                "Replaces what can be written of a user; the password stays unless it is given.",
                body: Self.replacement,
                gives: .ok(AccountAnswer.shape)
            ) { asked, caller in
                try await update(asked, caller, isWhole: true)
            },
            .guarded(
                .patch,
                Self.path + "/{id}",
                atLeast: .admin,
                "Changes the members that are given of a user.",
                body: Self.replacement.partial,
                gives: .ok(AccountAnswer.shape)
            ) { asked, caller in
                try await update(asked, caller, isWhole: false)
            },
            .guarded(
                .delete,
                Self.path + "/{id}",
                atLeast: .admin,
                "Deactivates a user; nobody is deleted, since bills name them.",
                gives: .empty,
                deactivate
            ),
            .guarded(
                .post,
                Self.path + "/{id}/reset-key",
                atLeast: .admin,
                "Makes the user's default key anew; the old one ends within two seconds.",
                body: .nothing,
                gives: .ok(IssuedKey.shape),
                resetKey
            ),
        ]
    }

    private static func answer(_ account: Account) -> Response {
        JSONAnswer.response(AccountAnswer(account: account), version: account.updatedAt)
    }

    // MARK: Reading

    @Sendable private func list(_ asked: AdminRequest, _ caller: Caller) async throws -> Response {
        var list = try asked.query()
        var query = AccountQuery()
        query.search = list.value(Self.search)
        query.role = list.value(Self.role)
        query.isActive = list.value(Self.isActive)
        let included = administration.listUsage.asked(&list)
        let page: PageNumber
        (query.window, page) = try list.window(Self.ordering, unlessSaid: .id)
        return try await administration.listUsage.answer(
            list,
            try await accounts.accounts(query),
            page: page,
            included,
            by: .user,
            id: \.id.rawValue,
            item: AccountAnswer.init(account:)
        )
    }

    private func account(_ id: UserID) async throws -> Account {
        guard let account = try await accounts.account(id) else { throw ControlError.missing }
        return account
    }

    /// The user that is to change.
    /// - Throws: 404; 403 where it is a super admin and the caller none.
    private func changeable(_ id: UserID, by caller: Caller) async throws -> Account {
        let account = try await account(id)
        guard caller.actor.mayChange(account.role) else { throw ControlError.superAdminOnly }
        return account
    }

    // MARK: Writing

    @Sendable private func create(_ asked: AdminRequest, _ caller: Caller) async throws -> Response {
        var form = try await asked.form()
        let email = form.value(AccountFields.email)
        let name = form.value(AccountFields.name)
        let role = form.role(of: nil) ?? .user
        let password = form.value(AccountFields.password)
        let rates = form.rateLimit()
        try form.finish()
        guard let email, let name else { throw ControlError.internalError }
        guard caller.actor.mayChange(role) else { throw ControlError.superAdminOnly }
        let hash = try await hash(password)
        let account = try await accounts.create(
            NewAccount(email: email, name: name, role: role, passwordHash: hash, rateLimit: RateLimit(rates)),
            by: caller.actor
        )
        return JSONAnswer.created(
            AccountAnswer(account: account),
            at: Self.path,
            id: account.id,
            version: account.updatedAt
        )
    }

    /// - Parameter isWhole: every member is required, but the password, which no answer shows.
    private func update(_ asked: AdminRequest, _ caller: Caller, isWhole: Bool) async throws -> Response {
        let account = try await changeable(try asked.id(), by: caller)
        var form = try await asked.form()
        var changes = AccountChanges()
        changes.email = form.value(AccountFields.email)
        changes.name = form.value(AccountFields.name)
        if isWhole, !form.has("role"), !form.has("is_super_admin") { form.refuse("role", "This field is required.") }
        changes.role = form.role(of: account.role)
        changes.isActive = form.value(AccountFields.isActive)
        changes.rateLimit = form.rateLimit()
        let password = form.value(AccountFields.password)
        // A session that was left open should not be enough to take an account over.
        if password != nil, account.id == caller.user {
            form.contradict("password", "Change your own at /api/auth/me/.")
        }
        try form.finish()
        guard caller.actor.mayChange(changes.role ?? account.role) else { throw ControlError.superAdminOnly }
        changes.passwordHash = try await hash(password)
        return Self.answer(
            try await accounts.update(account.id, changes, if: asked.precondition, by: caller.actor)
        )
    }

    @Sendable private func deactivate(_ asked: AdminRequest, _ caller: Caller) async throws -> Response {
        let account = try await changeable(try asked.id(), by: caller)
        var changes = AccountChanges()
        changes.isActive = false
        _ = try await accounts.update(account.id, changes, if: asked.precondition, by: caller.actor)
        return JSONAnswer.empty
    }

    @Sendable private func resetKey(_ asked: AdminRequest, _ caller: Caller) async throws -> Response {
        let account = try await changeable(try asked.id(), by: caller)
        try await asked.expectNothing()
        let key = try await accounts.resetKey(of: account.id, by: caller.actor)
        return JSONAnswer.response(IssuedKey(key: key))
    }

    private func hash(_ password: String?) async throws(ControlError) -> String? {
        guard let password else { return nil }
        guard let hash = await administration.passwords.hash(password) else { throw .tooBusy }
        return hash
    }
}
