import Domain
import HTTPTypes
import Hummingbird

/// `/api/admin/users`: auditors read, admins write, super admins also write super admins.
struct UserRoutes: Sendable {
    private static let path = "/api/admin/users"
    private static let writable: Set<String> = ["email", "name", "role", "is_super_admin", "password"]

    let administration: Administration

    private var accounts: any Accounts { administration.accounts }

    var operations: [Operation] {
        [
            .guarded(.get, Self.path, atLeast: .auditor, list),
            .guarded(.post, Self.path, atLeast: .admin, create),
            .guarded(.get, Self.path + "/{id}", atLeast: .auditor) { _, context, _ in
                JSONAnswer.response(AccountAnswer(account: try await account(try context.id())))
            },
            .guarded(.put, Self.path + "/{id}", atLeast: .admin) { request, context, caller in
                try await update(request, context, caller, isWhole: true)
            },
            .guarded(.patch, Self.path + "/{id}", atLeast: .admin) { request, context, caller in
                try await update(request, context, caller, isWhole: false)
            },
            .guarded(.delete, Self.path + "/{id}", atLeast: .admin, deactivate),
            .guarded(.post, Self.path + "/{id}/reset-key", atLeast: .admin, resetKey),
        ]
    }

    // MARK: Reading

    @Sendable private func list(
        _ request: Request,
        _ context: ControlPlane.Context,
        _ caller: Caller
    ) async throws -> Response {
        var list = try ListQuery(request, transport: Transport(request, from: context.clientAddress))
        var query = AccountQuery()
        query.search = list.search()
        query.role = list.choice("role", Role.allCases)
        query.isActive = list.flag("is_active")
        if let (order, isDescending) = list.ordering(AccountQuery.Order.allCases) {
            query.order = order
            query.isDescending = isDescending
        }
        let page = try list.page()
        query.offset = page.offset
        query.limit = page.size
        let found: Page<Account>
        do {
            found = try await accounts.accounts(query)
        } catch {
            throw ControlError(error)
        }
        return try list.answer(found, page: page, item: AccountAnswer.init(account:))
    }

    private func account(_ id: UserID) async throws(ControlError) -> Account {
        do {
            if let account = try await accounts.account(id) { return account }
        } catch {
            throw ControlError(error)
        }
        throw .missing
    }

    /// The user that is to change.
    /// - Throws: 404; 403 where it is a super admin and the caller none.
    private func changeable(_ id: UserID, by caller: Caller) async throws(ControlError) -> Account {
        let account = try await account(id)
        guard caller.actor.mayChange(account.role) else { throw .superAdminOnly }
        return account
    }

    // MARK: Writing

    @Sendable private func create(
        _ request: Request,
        _ context: ControlPlane.Context,
        _ caller: Caller
    ) async throws -> Response {
        var form = try await Form(
            request,
            accepts: Self.writable,
            readOnly: AccountAnswer.readOnly.union(["is_active"])
        )
        let email = form.email(isRequired: true)
        let name = form.name(isRequired: true)
        let role = form.role(of: nil) ?? .user
        let password = form.newPassword()
        try form.finish()
        guard let email, let name else { throw ControlError.internalError }
        guard caller.actor.mayChange(role) else { throw ControlError.superAdminOnly }
        let hash = try await hash(password)
        do {
            let account = try await accounts.create(
                NewAccount(email: email, name: name, role: role, passwordHash: hash),
                by: caller.actor
            )
            return JSONAnswer.response(
                AccountAnswer(account: account),
                status: .created,
                headers: [.location: "\(Self.path)/\(account.id)/"]
            )
        } catch {
            throw ControlError(error)
        }
    }

    /// - Parameter isWhole: every member is required, but the password, which no answer shows.
    private func update(
        _ request: Request,
        _ context: ControlPlane.Context,
        _ caller: Caller,
        isWhole: Bool
    ) async throws -> Response {
        let account = try await changeable(try context.id(), by: caller)
        var form = try await Form(
            request,
            accepts: Self.writable.union(["is_active"]),
            readOnly: AccountAnswer.readOnly
        )
        var changes = AccountChanges()
        changes.email = form.email(isRequired: isWhole)
        changes.name = form.name(isRequired: isWhole)
        if isWhole, !form.has("role"), !form.has("is_super_admin") { form.refuse("role", "This field is required.") }
        changes.role = form.role(of: account.role)
        changes.isActive = form.flag("is_active", isRequired: isWhole)
        let password = form.newPassword()
        // A session that was left open should not be enough to take an account over.
        if password != nil, account.id == caller.user { form.refuse("password", "Change your own at /api/auth/me/.") }
        try form.finish()
        guard caller.actor.mayChange(changes.role ?? account.role) else { throw ControlError.superAdminOnly }
        changes.passwordHash = try await hash(password)
        return JSONAnswer.response(AccountAnswer(account: try await change(account, changes, by: caller)))
    }

    /// Users are never deleted: bills name them.
    @Sendable private func deactivate(
        _ request: Request,
        _ context: ControlPlane.Context,
        _ caller: Caller
    ) async throws -> Response {
        let account = try await changeable(try context.id(), by: caller)
        var changes = AccountChanges()
        changes.isActive = false
        _ = try await change(account, changes, by: caller)
        return JSONAnswer.empty
    }

    @Sendable private func resetKey(
        _ request: Request,
        _ context: ControlPlane.Context,
        _ caller: Caller
    ) async throws -> Response {
        let account = try await changeable(try context.id(), by: caller)
        try await Form.expectNothing(in: request)
        do {
            let key = try await accounts.resetKey(of: account.id, by: caller.actor)
            return JSONAnswer.response(IssuedKey(key: key))
        } catch {
            throw ControlError(error)
        }
    }

    /// Changes what differs; what is as it should be is no change, and ends nobody's session.
    private func change(
        _ account: Account,
        _ wanted: AccountChanges,
        by caller: Caller
    ) async throws(ControlError) -> Account {
        var changes = AccountChanges()
        if wanted.email != account.email { changes.email = wanted.email }
        if wanted.name != account.name { changes.name = wanted.name }
        if wanted.role != account.role { changes.role = wanted.role }
        if wanted.isActive != account.isActive { changes.isActive = wanted.isActive }
        changes.passwordHash = wanted.passwordHash
        let isNothing =
            changes.email == nil && changes.name == nil && changes.role == nil && changes.isActive == nil
            && changes.passwordHash == nil
        if isNothing { return account }
        do {
            return try await accounts.update(account.id, changes, by: caller.actor)
        } catch {
            throw ControlError(error)
        }
    }

    private func hash(_ password: String?) async throws(ControlError) -> String? {
        guard let password else { return nil }
        guard let hash = await administration.passwords.hash(password) else { throw .tooBusy }
        return hash
    }
}
