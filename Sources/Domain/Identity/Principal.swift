/// The stored form of one of our API keys: HMAC-SHA256 of the whole key under a pepper.
package struct KeyDigest: Hashable, Sendable {
    package let words: (UInt64, UInt64, UInt64, UInt64)

    package init(_ words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

    /// In constant time, as ``ConstantTime`` has it for bytes.
    package static func == (left: KeyDigest, right: KeyDigest) -> Bool {
        let (one, other) = (left.words, right.words)
        return (one.0 ^ other.0) | (one.1 ^ other.1) | (one.2 ^ other.2) | (one.3 ^ other.3) == 0
    }
    package func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}

/// Whom a key speaks for, as far as the data plane must know.
package struct Principal: Hashable, Sendable {
    package let userID: UserID
    package let keyID: APIKeyID
    /// User and key are active and neither has expired; when false the answer is 401.
    package let isActive: Bool
    package let expiresAt: Instant?
    /// Groups for which the user has an active quota, whatever is left on it.
    package let groups: Set<ModelGroupID>
    /// Models this key is limited to; nil when it may use all of the groups' models.
    package let allowedModels: Set<ModelID>?
    /// Where calls with this key may come from; nil when from anywhere.
    package let allowedAddresses: [AddressRange]?
    /// The key has a spending limit of its own, which is then a lane of every hold.
    package let hasSpendingLimit: Bool
    package let keyRateLimit: RateLimit
    package let userRateLimit: RateLimit
    /// What is kept of this key's bodies; nil: what the setting says.
    package let capture: Capture?

    package init(
        userID: UserID,
        keyID: APIKeyID,
        isActive: Bool,
        expiresAt: Instant? = nil,
        groups: Set<ModelGroupID>,
        allowedModels: Set<ModelID>? = nil,
        allowedAddresses: [AddressRange]? = nil,
        hasSpendingLimit: Bool = false,
        keyRateLimit: RateLimit = .none,
        userRateLimit: RateLimit = .none,
        capture: Capture? = nil
    ) {
        self.userID = userID
        self.keyID = keyID
        self.isActive = isActive
        self.expiresAt = expiresAt
        self.groups = groups
        self.allowedModels = allowedModels
        self.allowedAddresses = allowedAddresses
        self.hasSpendingLimit = hasSpendingLimit
        self.keyRateLimit = keyRateLimit
        self.userRateLimit = userRateLimit
        self.capture = capture
    }

    /// Whether the key may be used from `address`; one that is not known is in no range.
    package func isAllowed(from address: IPAddress?) -> Bool {
        guard let allowedAddresses else { return true }
        return address.map { address in allowedAddresses.contains { $0.contains(address) } } ?? false
    }
}

/// Turns a presented key into what is stored of it. Constant work for any input; never keeps the key.
package protocol KeyDigester: Sendable {
    func digest(_ key: UnsafeRawBufferPointer) -> KeyDigest
}

/// What a look-up of a key in memory found.
package enum PrincipalLookup: Sendable {
    case known(Principal)
    case unknown
    /// Not in memory: call ``Directory/load(_:completion:)``.
    case notLoaded
}

/// Keys and catalogue in memory, kept no more than two seconds behind the database.
package protocol Directory: Sendable {
    /// The catalogue as of now; immutable, cheap to take.
    var catalog: Catalog { get }
    func principal(for digest: KeyDigest) -> PrincipalLookup
    /// Reads a key from the database, off the event loop, and remembers the answer, also a negative one.
    /// `completion` gets nil if the database could not be asked or too many look-ups wait (then the answer is 503).
    func load(_ digest: KeyDigest, completion: @escaping @Sendable (PrincipalLookup?) -> Void)
}
