import Domain

/// A price version as JSON.
struct PriceAnswer: Encodable {
    let price: PriceRecord

    static let shape = Shape.object(
        "Price",
        [
            ("id", .id, true), ("model", .id, true), ("model_name", .text, true), ("effective_from", .instant, true),
            ("is_current", .flag, true), ("created_at", .instant, true), ("sample_bill", SampleBill.shape, true),
        ] + RatesAnswer.shapes()
    )

    static let readOnly: Set<String> = ["id", "model_name", "is_current", "created_at", "sample_bill"]

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: NameKey.self)
        try container.encode(price.version.id.rawValue, forKey: NameKey("id"))
        try container.encode(price.version.modelID.rawValue, forKey: NameKey("model"))
        try container.encode(price.modelName, forKey: NameKey("model_name"))
        try container.encode(price.version.effectiveFrom.description, forKey: NameKey("effective_from"))
        try container.encode(price.isCurrent, forKey: NameKey("is_current"))
        try container.encode(price.createdAt.description, forKey: NameKey("created_at"))
        try container.encode(SampleBill(rates: price.version.rates), forKey: NameKey("sample_bill"))
        try RatesAnswer.encode(price.version.rates, into: &container)
    }
}
