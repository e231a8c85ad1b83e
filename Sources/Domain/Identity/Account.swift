/// A user as the control plane shows one.
package struct Account: Hashable, Sendable {
    package let id: UserID
    package let email: String
    package let name: String
    package let role: Role
    package let isActive: Bool
    package let createdAt: Instant
    package let updatedAt: Instant
    /// The newest active key's display form, `sk-audit-Ab…wxyz`, the playground's aside; nil where there is none.
    package let keyHint: String?
    /// Of all its keys together; where it bounds nothing, what the settings have for everybody.
    package let rateLimit: RateLimit

    package init(
        id: UserID,
        email: String,
        name: String,
        role: Role,
        isActive: Bool,
        createdAt: Instant,
        updatedAt: Instant,
        keyHint: String?,
        rateLimit: RateLimit
    ) {
        self.id = id
        self.email = email
        self.name = name
        self.role = role
        self.isActive = isActive
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.keyHint = keyHint
        self.rateLimit = rateLimit
    }
}

/// A user to be made.
package struct NewAccount: Sendable {
    /// Trimmed and in small letters; at most 254 characters, one `@`.
    package let email: String
    package let name: String
    package let role: Role
    /// As ``PasswordHasher`` made it; nil: cannot sign in.
    package let passwordHash: String?
    package let rateLimit: RateLimit

    package init(
        email: String,
        name: String,
        role: Role,
        passwordHash: String?,
        rateLimit: RateLimit = .none
    ) {
        self.email = email
        self.name = name
        self.role = role
        self.passwordHash = passwordHash
        self.rateLimit = rateLimit
    }
}

/// What is to change of a user; nil stays.
package struct AccountChanges: Sendable {
    package var email: String?
    package var name: String?
    package var role: Role?
    package var isActive: Bool?
    package var passwordHash: String?
    package var rateLimit: RateLimitChanges = [:]

    package init() {}
}

/// A page of users.
package struct AccountQuery: Hashable, Sendable {
    package enum Order: String, CaseIterable, Sendable {
        case id, email, name, createdAt = "created_at"
    }

    /// In email or name, any case; `%` and `_` are ordinary characters.
    package var search: String?
    package var role: Role?
    package var isActive: Bool?
    package var window = Window(order: Order.id)

    package init() {}
}

/// Where users are kept. Nothing of it is on a call's path; each change is one transaction with its audit leaf and its row
/// in the change feed. A change of role, password or activity ends the user's sessions.
package protocol Accounts: Sendable {
    func account(_ id: UserID) async throws(DeskError) -> Account?
    func accounts(_ query: AccountQuery) async throws(DeskError) -> Page<Account>
    /// - Throws: `.taken`, `.forbidden`.
    func create(_ new: NewAccount, by actor: Actor) async throws(DeskError) -> Account
    /// Changes what differs; what is as it should be is no change, and ends nobody's session.
    /// - Throws: `.notFound`, `.taken`, `.forbidden`, `.conflict(.lastSuperAdmin)`, `.stale`; decided under the lock.
    func update(
        _ id: UserID,
        _ changes: AccountChanges,
        if precondition: Precondition,
        by actor: Actor
    ) async throws(DeskError) -> Account
    /// Makes the user's default key anew: the old secret of the name `default` ends within two seconds, or after its grace.
    /// - Returns: the new key, whole, for the only time.
    func resetKey(of id: UserID, graceSeconds: Int64, by actor: Actor) async throws(DeskError) -> String
}

extension Accounts {
    package func resetKey(of id: UserID, by actor: Actor) async throws(DeskError) -> String {
        try await resetKey(of: id, graceSeconds: 0, by: actor)
    }
}
