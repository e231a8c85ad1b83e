import Domain

/// A user as JSON. `role` is the truth, `is_super_admin` its alias; `api_key` shows both ends of the key.
struct AccountAnswer: Encodable {
    let account: Account

    /// What of it nobody sets by writing it.
    static let readOnly: Set<String> = ["id", "api_key", "created_at", "updated_at"]

    static let shape = Shape.object(
        "User",
        [
            "id": .id, "email": .text, "name": .text, "role": .choice(Role.self), "is_super_admin": .flag,
            "is_active": .flag, "api_key": .text.nullable(), "requests_per_minute": .count.nullable(),
            "tokens_per_minute": .count.nullable(), "concurrent_calls": .count.nullable(), "created_at": .instant,
            "updated_at": .instant,
        ]
    )

    enum CodingKeys: String, CodingKey {
        case id, email, name, role
        case isSuperAdmin = "is_super_admin"
        case isActive = "is_active"
        case apiKey = "api_key"
        case requests = "requests_per_minute"
        case tokens = "tokens_per_minute"
        case calls = "concurrent_calls"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }

    /// All members, also those that are null.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(account.id.rawValue, forKey: .id)
        try container.encode(account.email, forKey: .email)
        try container.encode(account.name, forKey: .name)
        try container.encode(account.role.rawValue, forKey: .role)
        try container.encode(account.role == .superAdmin, forKey: .isSuperAdmin)
        try container.encode(account.isActive, forKey: .isActive)
        try container.encode(account.keyHint, forKey: .apiKey)
        try container.encode(account.rateLimit[.requests], forKey: .requests)
        try container.encode(account.rateLimit[.tokens], forKey: .tokens)
        try container.encode(account.rateLimit[.calls], forKey: .calls)
        try container.encode(account.createdAt.description, forKey: .createdAt)
        try container.encode(account.updatedAt.description, forKey: .updatedAt)
    }
}

/// A key, whole, the only time it is shown.
struct IssuedKey: Encodable {
    let key: String

    static let shape = Shape.object(
        "Key",
        ["api_key": pattern]
    )
    static let pattern = Shape.text(pattern: "^sk-audit-[A-Za-z0-9]{32}$").noted("Shown this once.")

    enum CodingKeys: String, CodingKey {
        case key = "api_key"
    }
}
