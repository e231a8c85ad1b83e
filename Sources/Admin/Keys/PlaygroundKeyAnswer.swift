import Domain

/// The playground's key, whole, the only time it is shown.
struct PlaygroundKeyAnswer: Encodable {
    let new: NewKey
    let expiresAt: Instant

    static let shape = Shape.object(
        "PlaygroundKey",
        ["id": .id, "api_key": IssuedKey.pattern, "expires_at": .instant]
    )

    enum CodingKeys: String, CodingKey {
        case id
        case apiKey = "api_key"
        case expiresAt = "expires_at"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(new.key.id.rawValue, forKey: .id)
        try container.encode(new.secret, forKey: .apiKey)
        try container.encode(expiresAt.description, forKey: .expiresAt)
    }
}
