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

    private static let email = Field<String>.text("email", "", 0...1_024)
    private static let password = AccountFields.givenPassword("password")
    private static let currentPassword = AccountFields.givenPassword("current_password")
    private static let refreshToken = Field<String>.text("refresh", "As login or the last refresh gave it.", 0...1_024)

    let administration: Administration

    var operations: [Operation] {
        [
            .open(
                .post,
                "/api/auth/login",
                "Signs in: a short access token, and a refresh token that can be traded once.",
                body: Body(required: [Self.email, Self.password]),
                gives: .ok(Tokens.shape),
                logIn
            ),
            .open(
                .post,
                "/api/auth/refresh",
                "Trades a refresh token, of the body or the cookie, for new ones. One that comes twice ends the session.",
                body: Body(optional: [Self.refreshToken], mayBeAbsent: true),
                gives: .ok(Tokens.shape),
                refresh
            ),
            .guarded(
                .post,
                "/api/auth/logout",
                atLeast: .user,
                "Ends the session.",
                body: Body(optional: [Self.refreshToken], mayBeAbsent: true),
                gives: .empty,
                logOut
            ),
            .guarded(
                .get,
                "/api/auth/me",
                atLeast: .user,
                "Who is signed in.",
                gives: .ok(AccountAnswer.shape)
            ) { _, caller in
                let account = try await account(of: caller.user)
                return JSONAnswer.response(AccountAnswer(account: account), version: account.updatedAt)
            },
            .guarded(
                .patch,
                "/api/auth/me",
                atLeast: .user,
                "Changes one's own name, or password with the current one; a new password ends every session.",
                body: Body(
                    optional: [AccountFields.name, AccountFields.password, Self.currentPassword],
                    readOnly: AccountAnswer.readOnly.union(["email", "role", "is_super_admin", "is_active"])
                        .union(RateLimitFields.all.map(\.name)),
                    rules: ["dependentRequired": .object(["password": .array([.string("current_password")])])]
                ),
                gives: .ok(AccountAnswer.shape),
                changeMe
            ),
            .guarded(
                .post,
                "/api/auth/refresh-key",
                atLeast: .user,
                "Makes one's own default key anew; the old one ends within two seconds, or after its grace.",
                body: Body(optional: [KeyFields.graceSeconds], mayBeAbsent: true),
                gives: .ok(IssuedKey.shape),
                renewKey
            ),
        ]
    }

    // MARK: Login

    @Sendable private func logIn(_ asked: AdminRequest) async throws -> Response {
        let (request, context) = (asked.request, asked.context)
        let transport = Transport(request, context)
        guard transport != .plain || administration.allowsInsecureHTTP else { throw ControlError.insecureTransport }
        let wantsCookies = request.headers[Self.cookiesField] != nil
        // A page that meant to have cookies should not be handed tokens.
        guard !wantsCookies || request.headers[Self.cookiesField] == "1" else {
            throw ControlError.badFields([Self.cookiesField.rawName: ["Must be 1."]])
        }
        if wantsCookies { try Guard.expectSameOrigin(request) }
        var form = try await asked.form()
        let email = form.value(Self.email)
        let password = form.value(Self.password)
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
        } catch let error as DeskError {
            throw ControlError(error)
        }
    }

    // MARK: Refresh, logout

    @Sendable private func refresh(_ asked: AdminRequest) async throws -> Response {
        let (request, context) = (asked.request, asked.context)
        var form = try await asked.form()
        let cookie = CookieJar.value(of: CookieJar.refresh, in: request.headers)
        let isByCookie = !form.has("refresh") && cookie != nil
        let token = isByCookie ? cookie : form.value(Self.refreshToken)
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

    @Sendable private func logOut(_ asked: AdminRequest, _ caller: Caller) async throws -> Response {
        // Clients of other servers send their refresh token along.
        var form = try await asked.form()
        _ = form.value(Self.refreshToken)
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
    @Sendable private func changeMe(_ asked: AdminRequest, _ caller: Caller) async throws -> Response {
        var form = try await asked.form()
        var changes = AccountChanges()
        changes.name = form.value(AccountFields.name)
        let password = form.value(AccountFields.password)
        let current = form.value(Self.currentPassword)
        if form.has("password"), !form.has("current_password") {
            form.refuse("current_password", "This field is required.")
        }
        try form.finish()

        let account = try await account(of: caller.user)
        if let password, let current {
            let address = asked.context.clientAddress
            let record = try await administration.attempts.counted(email: account.email, from: address) {
                try await check(email: account.email, password: current, address: address)
            }
            guard record?.userID == account.id else {
                throw ControlError.contradictoryFields(["current_password": ["Not the current password."]])
            }
            guard let hash = await administration.passwords.hash(password) else { throw ControlError.tooBusy }
            changes.passwordHash = hash
        }
        let changed: Account
        do {
            changed = try await administration.accounts.update(
                account.id,
                changes,
                if: asked.precondition,
                by: caller.actor
            )
        } catch {
            throw ControlError(error)
        }
        var response = JSONAnswer.response(AccountAnswer(account: changed), version: changed.updatedAt)
        if changes.passwordHash != nil, caller.isByCookie { CookieJar.clear(in: &response.headers) }
        return response
    }

    @Sendable private func renewKey(_ asked: AdminRequest, _ caller: Caller) async throws -> Response {
        var form = try await asked.form()
        let grace = form.value(KeyFields.graceSeconds)
        try form.finish()
        do {
            let key = try await administration.accounts.resetKey(
                of: caller.user,
                graceSeconds: grace ?? 0,
                by: caller.actor
            )
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

        /// A browser that asked for cookies gets the tokens there alone; a refresh tells no user.
        static let shape = Shape.object(
            "Tokens",
            [
                ("access", .text, false), ("refresh", .text, false), ("user", AccountAnswer.shape, false),
            ]
        )
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
