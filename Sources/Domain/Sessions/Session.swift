/// A sign-in on the control plane: a row that outlives its short access tokens and one refresh token after the other.
package typealias SessionID = Identifier<Entity.Session>

/// SHA-256 of a refresh token: what is stored of it.
package struct TokenDigest: Hashable, Sendable {
    package let bytes: [UInt8]

    /// Nil unless there are 32 bytes.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    package static func == (left: TokenDigest, right: TokenDigest) -> Bool {
        ConstantTime.isEqual(left.bytes, right.bytes)
    }
}

/// What a login has to know of a user.
package struct LoginRecord: Hashable, Sendable {
    package let userID: UserID
    package let role: Role
    package let isActive: Bool
    /// Nil: cannot sign in with a password.
    package let passwordHash: String?
    /// Goes up with each change of role, password or activity.
    package let epoch: Int64

    package init(userID: UserID, role: Role, isActive: Bool, passwordHash: String?, epoch: Int64 = 0) {
        self.userID = userID
        self.role = role
        self.isActive = isActive
        self.passwordHash = passwordHash
        self.epoch = epoch
    }
}

/// A session as it stands now.
package struct SessionStanding: Hashable, Sendable {
    package let id: SessionID
    package let userID: UserID
    package let role: Role
    /// When the session ends whatever is done.
    package let expiresAt: Instant

    package init(id: SessionID, userID: UserID, role: Role, expiresAt: Instant) {
        self.id = id
        self.userID = userID
        self.role = role
        self.expiresAt = expiresAt
    }
}

/// What became of a refresh token.
package enum RefreshOutcome: Hashable, Sendable {
    case renewed(SessionStanding)
    /// Not known, expired, or of a session that has ended.
    case invalid
    /// It was traded before: somebody else may have it, so its session was ended.
    case reused(UserID)
}

/// Where sign-ins are kept. Each change is one transaction with its audit leaf.
package protocol SessionStore: Sendable {
    /// - Parameter email: trimmed, in small letters. - Returns: nil for an unknown one.
    func login(email: String) async throws(DeskError) -> LoginRecord?
    /// Opens a session whose first refresh token has this digest, for a login whose password was right.
    /// - Throws: `.notFound` where the user is inactive, or was changed since `login` was read: checking a password takes a
    ///   while, and a session must not outlive a password that was replaced meanwhile.
    func open(
        of login: LoginRecord,
        refresh: TokenDigest,
        expiresAt: Instant,
        address: String,
        userAgent: String
    ) async throws(DeskError) -> SessionStanding
    /// Trades a refresh token for the next one, once.
    func refresh(_ digest: TokenDigest, next: TokenDigest) async throws(DeskError) -> RefreshOutcome
    /// How a session stands; nil if it has ended, has expired, or its user is inactive or was changed since (role, password).
    func standing(of session: SessionID) async throws(DeskError) -> SessionStanding?
    /// The same of several at once; those that do not stand are left out.
    func standings(of sessions: Set<SessionID>) async throws(DeskError) -> [SessionID: SessionStanding]
    /// Ends a session. Idempotent.
    func close(_ session: SessionID) async throws(DeskError)
    /// A login that failed, for the audit log; `user` where the address is known.
    func noteFailedLogin(of user: UserID?, address: String) async throws(DeskError)
}

/// Makes and checks password hashes, off the event loops, a few at a time.
package protocol PasswordHasher: Sendable {
    /// - Returns: nil where too many wait already.
    func hash(_ password: String) async -> String?
    /// Takes as long for `stored` nil, which never matches, as for a real one. - Returns: nil where too many wait already.
    func matches(_ password: String, stored: String?) async -> Bool?
}
