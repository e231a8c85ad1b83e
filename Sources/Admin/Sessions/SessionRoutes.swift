import Crypto
import Domain
import HTTPTypes
import Hummingbird
import Logging

/// `/api/auth`: signing in and out, and what users do about themselves.
///
/// Scripts get tokens in the answer and send `Authorization: Bearer`. A browser sends `X-TokenAudit-Cookies: 1` at login
/// and gets cookies instead, which no script of a page can read.
struct SessionRoutes: Sendable {
    static let sessionSeconds: Int64 = 14 * 86_400

    let administration: Administration

    var operations: [Operation] {
        [
            .open(.post, "/api/auth/login", logIn),
            .open(.post, "/api/auth/refresh", refresh),
            .guarded(.post, "/api/auth/logout", atLeast: .user, logOut),
            .guarded(.get, "/api/auth/me", atLeast: .user) { _, _, caller in
                JSONAnswer.response(AccountAnswer(account: try await account(of: caller.user)))
            },
            .guarded(.patch, "/api/auth/me", atLeast: .user, changeMe),
            .guarded(.post, "/api/auth/refresh-key", atLeast: .user, renewKey),
        ]
    }

    // MARK: Login

    @Sendable private func logIn(_ request: Request, _ context: ControlPlane.Context) async throws -> Response {
        let transport = Transport(request, from: context.clientAddress)
        guard transport != .plain || administration.allowsInsecureHTTP else { throw ControlError.insecureTransport }
        let wantsCookies = request.headers[Self.cookiesField] != nil
        // A page that meant to have cookies should not be handed tokens.
        guard !wantsCookies || request.headers[Self.cookiesField] == "1" else {
            throw ControlError.badFields([Self.cookiesField.rawName: ["Must be 1."]])
        }
        if wantsCookies { try Guard.expectSameOrigin(request) }
        var form = try await Form(request, accepts: ["email", "password"])
        let email = form.text("email", isRequired: true) { $0.utf8.count > 1_024 ? "Too long." : nil }
        let password = form.givenPassword("password", isRequired: true)
        try form.finish()
        guard let email = email.map(EmailAddress.normalise), let password else { throw ControlError.internalError }

        let address = context.clientAddress
        let record = try await administration.attempts.counted(email: email, from: address) {
            try await check(email: email, password: password, address: address)
        }
        guard let record else { throw ControlError.invalidCredentials }

        let refresh = Self.newToken()
        let standing: SessionStanding
        do {
            standing = try await administration.sessions.open(
                of: record,
                refresh: Self.digest(refresh),
                expiresAt: Instant(
                    microseconds: administration.now().microseconds + Self.sessionSeconds * 1_000_000
                ),
                address: address.text,
                userAgent: String((request.headers[.userAgent] ?? "").prefix(500))
            )
        } catch {
            // Changed while the password was checked: it is not what the user has now.
            if case .notFound = error { throw ControlError.invalidCredentials }
            throw ControlError(error)
        }
        let account = try await account(of: record.userID)
        return try await answer(standing, refresh: refresh, account: account, asCookies: wantsCookies)
    }

    /// The same work whoever the email belongs to, and whether they may sign in.
    /// - Returns: nil unless it is an active user's password.
    private func check(email: String, password: String, address: ClientAddress) async throws -> LoginRecord? {
        do {
            let record = try await administration.sessions.login(email: email)
            guard let matches = await administration.passwords.matches(password, stored: record?.passwordHash) else {
                throw ControlError.tooBusy
            }
            if let record, matches, record.isActive { return record }
            try await administration.sessions.noteFailedLogin(of: record?.userID, address: address.text)
            return nil
        } catch let error as AccountError {
            throw ControlError(error)
        }
    }

    // MARK: Refresh, logout

    @Sendable private func refresh(_ request: Request, _ context: ControlPlane.Context) async throws -> Response {
        var form = try await Form(request, accepts: ["refresh"], isOptional: true)
        let cookie = CookieJar.value(of: CookieJar.refresh, in: request.headers)
        let isByCookie = !form.has("refresh") && cookie != nil
        let token = isByCookie ? cookie : form.text("refresh", isRequired: true)
        try form.finish()
        if isByCookie { try Guard.expectOwnPage(request) }
        // Others than ours are not worth the database's time.
        guard let token, Base64URL.decode(token.utf8)?.count == 32 else { throw Self.refused(isByCookie) }

        let next = Self.newToken()
        let outcome: RefreshOutcome
        do {
            outcome = try await administration.sessions.refresh(Self.digest(token), next: Self.digest(next))
        } catch {
            throw ControlError(error)
        }
        switch outcome {
        case .renewed(let standing):
            return try await answer(standing, refresh: next, account: nil, asCookies: isByCookie)
        case .reused(let user):
            context.logger.warning(
                "a refresh token came a second time; its session was ended",
                metadata: ["user": "\(user)", "address": "\(context.clientAddress.text)"]
            )
            throw Self.refused(isByCookie)
        case .invalid:
            throw Self.refused(isByCookie)
        }
    }

    /// A browser is rid of cookies that are good for nothing.
    private static func refused(_ isByCookie: Bool) -> ControlError {
        var error = ControlError.refreshNotValid
        if isByCookie { CookieJar.clear(in: &error.headers) }
        return error
    }

    @Sendable private func logOut(
        _ request: Request,
        _ context: ControlPlane.Context,
        _ caller: Caller
    ) async throws -> Response {
        // Clients of other servers send their refresh token along.
        var form = try await Form(request, accepts: ["refresh"], isOptional: true)
        _ = form.text("refresh", isRequired: false)
        try form.finish()
        do {
            try await administration.sessions.close(caller.session)
        } catch {
            throw ControlError(error)
        }
        var response = JSONAnswer.empty
        if caller.isByCookie { CookieJar.clear(in: &response.headers) }
        return response
    }

    // MARK: Me

    /// A new password ends every session of the user, this one too.
    @Sendable private func changeMe(
        _ request: Request,
        _ context: ControlPlane.Context,
        _ caller: Caller
    ) async throws -> Response {
        var form = try await Form(
            request,
            accepts: ["name", "password", "current_password"],
            readOnly: AccountAnswer.readOnly.union(["email", "role", "is_super_admin", "is_active"])
        )
        var changes = AccountChanges()
        changes.name = form.name(isRequired: false)
        let password = form.newPassword()
        let current = form.givenPassword("current_password", isRequired: form.has("password"))
        try form.finish()

        let account = try await account(of: caller.user)
        if let password, let current {
            let address = context.clientAddress
            let record = try await administration.attempts.counted(email: account.email, from: address) {
                try await check(email: account.email, password: current, address: address)
            }
            guard record?.userID == account.id else {
                throw ControlError.badFields(["current_password": ["Not the current password."]])
            }
            guard let hash = await administration.passwords.hash(password) else { throw ControlError.tooBusy }
            changes.passwordHash = hash
        }
        guard changes.name != nil || changes.passwordHash != nil else {
            return JSONAnswer.response(AccountAnswer(account: account))
        }
        let changed: Account
        do {
            changed = try await administration.accounts.update(account.id, changes, by: caller.actor)
        } catch {
            throw ControlError(error)
        }
        var response = JSONAnswer.response(AccountAnswer(account: changed))
        if changes.passwordHash != nil, caller.isByCookie { CookieJar.clear(in: &response.headers) }
        return response
    }

    @Sendable private func renewKey(
        _ request: Request,
        _ context: ControlPlane.Context,
        _ caller: Caller
    ) async throws -> Response {
        try await Form.expectNothing(in: request)
        do {
            let key = try await administration.accounts.resetKey(of: caller.user, by: caller.actor)
            return JSONAnswer.response(IssuedKey(key: key))
        } catch {
            throw ControlError(error)
        }
    }

    private func account(of user: UserID) async throws(ControlError) -> Account {
        do {
            if let account = try await administration.accounts.account(user) { return account }
        } catch {
            throw ControlError(error)
        }
        throw .tokenNotValid
    }

    // MARK: Tokens

    private struct Tokens: Encodable {
        let access: String?
        let refresh: String?
        let user: AccountAnswer?
    }

    private func answer(
        _ standing: SessionStanding,
        refresh: String,
        account: Account?,
        asCookies: Bool
    ) async throws -> Response {
        let access = try await administration.accessTokens.issue(for: standing, at: administration.now())
        let user = account.map(AccountAnswer.init(account:))
        guard asCookies else {
            return JSONAnswer.response(Tokens(access: access, refresh: refresh, user: user))
        }
        var response = JSONAnswer.response(Tokens(access: nil, refresh: nil, user: user))
        let left = (standing.expiresAt.microseconds - administration.now().microseconds) / 1_000_000
        let seconds = min(left, AccessTokens.lifetimeSeconds)
        CookieJar.set(CookieJar.access, to: access, seconds: seconds, in: &response.headers)
        CookieJar.set(CookieJar.refresh, to: refresh, seconds: left, in: &response.headers)
        CookieJar.set(CookieJar.csrf, to: Self.newToken(), seconds: left, in: &response.headers)
        return response
    }

    private static func newToken() -> String {
        var generator = SystemRandomNumberGenerator()
        return Base64URL.encode((0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }

    private static func digest(_ token: String) -> TokenDigest {
        guard let digest = TokenDigest(Array(SHA256.hash(data: Array(token.utf8)))) else {
            preconditionFailure("SHA-256 has 32 bytes")
        }
        return digest
    }

    private static let cookiesField = HTTPField.Name("X-TokenAudit-Cookies")!
}
