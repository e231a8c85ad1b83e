import Domain

/// A key as JSON. `api_key` shows both ends of it; the whole of it only in the answer that makes it.
struct KeyAnswer: Encodable {
    let key: KeyRecord
    var secret: String?

    /// What of it nobody sets by writing it.
    static let readOnly: Set<String> = [
        "id", "user_email", "api_key", "is_active", "is_playground", "limit_used", "limit_held", "limit_remaining",
        "old_secret_until",
        "last_used_at", "created_at", "updated_at",
    ]

    static let shape = shape("Key", .text)
    static let newShape = shape("NewKey", IssuedKey.pattern)

    private static func shape(_ title: String, _ key: Shape) -> Shape {
        .object(
            title,
            [
                "id": .id, "user": .id, "user_email": .text, "name": .text, "api_key": key, "is_active": .flag,
                "is_playground": .flag.noted("Handed out by the playground, for a quarter of an hour at a time."),
                "allowed_models": .list(.text).nullable(), "allowed_addresses": .list(.text).nullable(),
                "requests_per_minute": .count.nullable(), "tokens_per_minute": .count.nullable(),
                "concurrent_calls": .count.nullable(),
                "capture": .choice(Capture.self).nullable(), "expires_at": .instant.nullable(),
                "spending_limit": .money.nullable(), "limit_used": .money.nullable(), "limit_held": .money.nullable(),
                "limit_remaining": .money.nullable(), "old_secret_until": .instant.nullable(),
                "last_used_at": .instant.nullable().noted("To a quarter of an hour."), "created_at": .instant,
                "updated_at": .instant,
            ]
        )
    }

    enum CodingKeys: String, CodingKey {
        case id, user, name, capture
        case userEmail = "user_email"
        case apiKey = "api_key"
        case isActive = "is_active"
        case isPlayground = "is_playground"
        case allowedModels = "allowed_models"
        case allowedAddresses = "allowed_addresses"
        case requests = "requests_per_minute"
        case tokens = "tokens_per_minute"
        case calls = "concurrent_calls"
        case expiresAt = "expires_at"
        case limit = "spending_limit"
        case used = "limit_used"
        case held = "limit_held"
        case remaining = "limit_remaining"
        case previousUntil = "old_secret_until"
        case lastUsedAt = "last_used_at"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(key.id.rawValue, forKey: .id)
        try container.encode(key.userID.rawValue, forKey: .user)
        try container.encode(key.userEmail, forKey: .userEmail)
        try container.encode(key.name, forKey: .name)
        try container.encode(secret ?? key.hint, forKey: .apiKey)
        try container.encode(key.isActive, forKey: .isActive)
        try container.encode(key.isPlayground, forKey: .isPlayground)
        try container.encode(key.allowedModels?.map(\.name), forKey: .allowedModels)
        try container.encode(key.allowedAddresses?.map(\.description), forKey: .allowedAddresses)
        try container.encode(key.rateLimit[.requests], forKey: .requests)
        try container.encode(key.rateLimit[.tokens], forKey: .tokens)
        try container.encode(key.rateLimit[.calls], forKey: .calls)
        try container.encode(key.capture?.rawValue, forKey: .capture)
        try container.encode(key.expiresAt?.description, forKey: .expiresAt)
        try container.encode(key.limit?.total.description, forKey: .limit)
        try container.encode(key.limit?.captured.description, forKey: .used)
        try container.encode(key.limit?.held.description, forKey: .held)
        try container.encode(key.limit?.available.description, forKey: .remaining)
        try container.encode(key.previousUntil?.description, forKey: .previousUntil)
        try container.encode(key.lastUsedAt?.description, forKey: .lastUsedAt)
        try container.encode(key.createdAt.description, forKey: .createdAt)
        try container.encode(key.updatedAt.description, forKey: .updatedAt)
    }
}
