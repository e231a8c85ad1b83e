/// One of our API keys as the control plane shows one; the key itself is never there again.
package struct KeyRecord: Hashable, Sendable {
    package let id: APIKeyID
    package let userID: UserID
    package let userEmail: String
    package let name: String
    /// `sk-audit-Ab…wxyz`.
    package let hint: String
    package let isActive: Bool
    /// Handed out by the playground, for a quarter of an hour at a time; one of each user.
    package let isPlayground: Bool
    /// Nil: all models of its user's groups.
    package let allowedModels: [ModelName]?
    /// Nil: from anywhere.
    package let allowedAddresses: [AddressRange]?
    package let rateLimit: RateLimit
    /// What is kept of its calls' bodies; nil: what the setting says.
    package let capture: Capture?
    package let expiresAt: Instant?
    /// What it may spend and has spent; nil without a limit.
    package let limit: Balance?
    /// Until when the secret before this one works; nil where there is none.
    package let previousUntil: Instant?
    /// The quarter of an hour of its last call that ended, from the roll-ups.
    package let lastUsedAt: Instant?
    package let createdAt: Instant
    package let updatedAt: Instant

    package init(
        id: APIKeyID,
        userID: UserID,
        userEmail: String,
        name: String,
        hint: String,
        isActive: Bool,
        isPlayground: Bool,
        allowedModels: [ModelName]?,
        allowedAddresses: [AddressRange]?,
        rateLimit: RateLimit,
        capture: Capture?,
        expiresAt: Instant?,
        limit: Balance?,
        previousUntil: Instant?,
        lastUsedAt: Instant?,
        createdAt: Instant,
        updatedAt: Instant
    ) {
        self.id = id
        self.userID = userID
        self.userEmail = userEmail
        self.name = name
        self.hint = hint
        self.isActive = isActive
        self.isPlayground = isPlayground
        self.allowedModels = allowedModels
        self.allowedAddresses = allowedAddresses
        self.rateLimit = rateLimit
        self.capture = capture
        self.expiresAt = expiresAt
        self.limit = limit
        self.previousUntil = previousUntil
        self.lastUsedAt = lastUsedAt
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

package struct ModelName: Hashable, Sendable {
    package let id: ModelID
    package let name: String

    package init(id: ModelID, name: String) {
        self.id = id
        self.name = name
    }
}

/// A model as a list names it.
package enum ModelReference: Hashable, Sendable {
    case id(ModelID)
    case name(String)
}

/// What is to be set of a key; nil stays (or is as a new key's).
package struct KeyChanges: Hashable, Sendable {
    package var name: String?
    package var allowedModels: [ModelReference]??
    package var allowedAddresses: [AddressRange]??
    package var rateLimit: RateLimitChanges = [:]
    package var capture: Capture??
    package var expiresAt: Instant??
    package var spendingLimit: Money??
    /// True of a revoked key is refused.
    package var isActive: Bool?

    package init() {}
}

/// A key with its secret, the only time that it is shown.
package struct NewKey: Sendable {
    package let key: KeyRecord
    package let secret: String

    package init(key: KeyRecord, secret: String) {
        self.key = key
        self.secret = secret
    }
}

/// A page of keys.
package struct KeyQuery: Hashable, Sendable {
    package enum Order: String, CaseIterable, Sendable {
        case id, name
        case createdAt = "created_at"
        case expiresAt = "expires_at"
    }

    /// In its name or its user's address, any case.
    package var search: String?
    package var userID: UserID?
    package var isActive: Bool?
    package var window = Window(order: Order.id)

    package init() {}
}

/// Where keys are kept. Each change is one transaction with its audit leaf and its row in the change feed; running servers
/// know of it within two seconds. With an `owner`, another user's key is not found.
package protocol APIKeys: Sendable {
    func keys(_ query: KeyQuery) async throws(DeskError) -> Page<KeyRecord>
    func key(_ id: APIKeyID, of owner: UserID?) async throws(DeskError) -> KeyRecord?
    /// - Throws: `.taken`, `.refused`, `.forbidden`, `.conflict(.tooMany)`.
    func create(
        _ changes: KeyChanges,
        of user: UserID,
        by actor: Actor
    ) async throws(DeskError) -> NewKey
    /// - Throws: `.notFound`, `.taken`, `.refused`, `.forbidden`, `.stale`, `.conflict(.revoked)`, `.conflict(.playground)`.
    func update(
        _ id: APIKeyID,
        of owner: UserID?,
        _ changes: KeyChanges,
        if precondition: Precondition,
        by actor: Actor
    ) async throws(DeskError) -> KeyRecord
    /// Gives the key a new secret. Its old one works for `grace` seconds more, under the same limits, and any before that
    /// one no longer.
    /// - Throws: `.notFound`, `.forbidden`, `.conflict(.revoked)`, `.conflict(.playground)`.
    func rotate(
        _ id: APIKeyID,
        of owner: UserID?,
        graceSeconds: Int64,
        by actor: Actor
    ) async throws(DeskError) -> NewKey
    /// Gives the playground's key of the user a new secret, which ends after a quarter of an hour. The one before works until
    /// its own end, and any before that one no longer.
    /// - Throws: `.notFound`, `.forbidden`.
    func renewPlayground(of user: UserID, by actor: Actor) async throws(DeskError) -> NewKey
}
