import Domain

/// A model group as JSON.
struct GroupAnswer: Encodable {
    let group: GroupRecord

    static let readOnly: Set<String> = ["id", "model_names", "created_at", "updated_at"]

    static let shape = Shape.object(
        "ModelGroup",
        [
            "id": .id, "name": .text, "description": .text,
            "price_multiplier": .text(pattern: #"^[0-9]+\.[0-9]{1,4}$"#),
            "is_active": .flag, "models": .list(.id),
            "model_names": .list(.text).noted("In the order of models."), "created_at": .instant,
            "updated_at": .instant,
        ]
    )

    enum CodingKeys: String, CodingKey {
        case id, name, description, models
        case multiplier = "price_multiplier"
        case isActive = "is_active"
        case modelNames = "model_names"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(group.id.rawValue, forKey: .id)
        try container.encode(group.name, forKey: .name)
        try container.encode(group.description, forKey: .description)
        try container.encode(group.multiplier.description, forKey: .multiplier)
        try container.encode(group.isActive, forKey: .isActive)
        try container.encode(group.models.map(\.id.rawValue), forKey: .models)
        try container.encode(group.models.map(\.name), forKey: .modelNames)
        try container.encode(group.createdAt.description, forKey: .createdAt)
        try container.encode(group.updatedAt.description, forKey: .updatedAt)
    }
}
