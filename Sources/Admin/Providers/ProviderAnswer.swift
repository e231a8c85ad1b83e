import Domain

/// A provider as JSON; of its credential only what tells two of them apart.
struct ProviderAnswer: Encodable {
    let provider: ProviderRecord

    static let readOnly: Set<String> = ["id", "api_key_state", "created_at", "updated_at"]

    static let shape = Shape.object(
        "Provider",
        [
            "id": .id, "name": .text, "dialect": .choice(DialectName.self), "base_url": .text, "is_active": .flag,
            "api_key": .text.nullable().noted("Its last characters."),
            "api_key_state": .choice(["none", "set", "undecryptable"]).noted(
                "Undecryptable: sealed under another master key; the provider is not called until it is given anew."
            ),
            "created_at": .instant, "updated_at": .instant,
        ]
    )

    enum CodingKeys: String, CodingKey {
        case id, name, dialect
        case baseURL = "base_url"
        case isActive = "is_active"
        case apiKey = "api_key"
        case apiKeyState = "api_key_state"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(provider.id.rawValue, forKey: .id)
        try container.encode(provider.name, forKey: .name)
        try container.encode(provider.dialect.rawValue, forKey: .dialect)
        try container.encode(provider.baseURL.description, forKey: .baseURL)
        try container.encode(provider.isActive, forKey: .isActive)
        let (state, hint): (String, String?) =
            switch provider.credential {
            case .none: ("none", nil)
            case .set(let hint): ("set", hint)
            case .undecryptable: ("undecryptable", nil)
            }
        try container.encode(hint, forKey: .apiKey)
        try container.encode(state, forKey: .apiKeyState)
        try container.encode(provider.createdAt.description, forKey: .createdAt)
        try container.encode(provider.updatedAt.description, forKey: .updatedAt)
    }
}
