import Domain

/// A key's members, as they are written.
enum KeyFields {
    static let longestGraceSeconds: Int64 = 7 * 86_400

    static let user = Field<UserID>.id("user", "Whose key it is.")

    static let name = Field<String>.title("name", "Unique among the user's keys.")

    static let allowedModels = Field<[ModelReference]>
        .list(
            "allowed_models",
            "Ids or names; null: all models of the user's groups. A key never reaches beyond these.",
            of: model,
            most: 200
        )
        .nullable()

    static let allowedAddresses = Field<[String]>
        .list(
            "allowed_addresses",
            "Ranges such as 10.0.0.0/8 or single addresses; null: from anywhere.",
            of: range,
            most: 100
        )
        .nullable()

    static let capture = Field<Capture>
        .choice("capture", "What is kept of its calls' bodies; null: what the setting bodies.capture says.")
        .nullable()

    static let expiresAt = Field<Instant>.instant("expires_at", "When it ends; null: never.").nullable()

    static let spendingLimit =
        QuotaFields
        .amount("spending_limit", "What it may spend in all, beside the quota; null: no limit.")
        .nullable()

    static let graceSeconds = Field<Int64>.integer(
        "grace_seconds",
        "For how long the old secret works still, under the same limits; 0 if not said.",
        0...longestGraceSeconds
    )

    private static let range = Field<String>.text("range", "", 1...50)

    private static let model = Field<ModelReference>(
        "model",
        "",
        Shape(["anyOf": .array([.object(Shape.id.schema), .object(Shape.text(1...200).schema)])])
    ) { item in
        switch item {
        case .number(let text):
            guard let id = Int64(whole: text), id > 0 else { return .wrong("Must be an id.") }
            return .value(.id(ModelID(id)))
        case .string(let text) where (1...200).contains(text.unicodeScalars.count): return .value(.name(text))
        default: return .wrong("Must be an id or a name.")
        }
    }
}
