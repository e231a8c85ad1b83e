import Domain

/// A model as JSON: what the original design names, flat, with the way that calls take and the price in force.
struct ModelAnswer: Encodable {
    let model: ModelRecord

    static let readOnly: Set<String> = [
        "id", "provider_name", "routes", "price", "price_effective_from", "created_at", "updated_at",
    ]

    static let shape = Shape.object(
        "Model",
        [
            ("id", .id, true), ("name", .text, true), ("display_name", .text, true), ("description", .text, true),
            ("capabilities", .list(.text), true), ("context_length", .count, true),
            ("max_output_tokens", .count, true), ("default_output_tokens", .count, true),
            ("prompt_overhead_tokens", .count, true), ("is_active", .flag, true),
            ("provider", .id.nullable(), true), ("provider_name", .text.nullable(), true),
            ("upstream_model", .text.nullable(), true), ("routes", .list(RouteAnswer.shape), true),
            ("price", .id.nullable().noted("The version in force; null: calls are refused."), true),
            ("price_effective_from", .instant.nullable(), true), ("created_at", .instant, true),
            ("updated_at", .instant, true),
        ] + RatesAnswer.shapes() + RatesAnswer.shapes(prefix: "cost_")
    )

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: NameKey.self)
        let details = model.details
        let route = model.firstRoute
        try container.encode(model.id.rawValue, forKey: NameKey("id"))
        try container.encode(details.name, forKey: NameKey("name"))
        try container.encode(details.displayName, forKey: NameKey("display_name"))
        try container.encode(details.description, forKey: NameKey("description"))
        try container.encode(details.capabilities, forKey: NameKey("capabilities"))
        try container.encode(details.contextLength, forKey: NameKey("context_length"))
        try container.encode(details.maxOutputTokens, forKey: NameKey("max_output_tokens"))
        try container.encode(details.defaultOutputTokens, forKey: NameKey("default_output_tokens"))
        try container.encode(details.promptOverheadTokens, forKey: NameKey("prompt_overhead_tokens"))
        try container.encode(details.isActive, forKey: NameKey("is_active"))
        try container.encode(route?.providerID.rawValue, forKey: NameKey("provider"))
        try container.encode(route?.providerName, forKey: NameKey("provider_name"))
        try container.encode(route?.upstreamModel, forKey: NameKey("upstream_model"))
        try container.encode(model.routes.map(RouteAnswer.init(route:)), forKey: NameKey("routes"))
        try container.encode(model.price?.id.rawValue, forKey: NameKey("price"))
        try container.encode(model.price?.effectiveFrom.description, forKey: NameKey("price_effective_from"))
        try container.encode(model.createdAt.description, forKey: NameKey("created_at"))
        try container.encode(model.updatedAt.description, forKey: NameKey("updated_at"))
        try RatesAnswer.encode(model.price?.rates, into: &container)
        try RatesAnswer.encode(route?.costRates, prefix: "cost_", into: &container)
    }
}

/// A way to a provider as JSON.
struct RouteAnswer: Encodable {
    let route: RouteRecord

    static let shape = Shape.object(
        "Route",
        [
            "id": .id, "provider": .id, "provider_name": .text, "upstream_model": .text, "weight": .integer,
            "priority": .integer, "is_active": .flag,
        ]
    )

    enum CodingKeys: String, CodingKey {
        case id, provider, weight, priority
        case providerName = "provider_name"
        case upstreamModel = "upstream_model"
        case isActive = "is_active"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(route.id.rawValue, forKey: .id)
        try container.encode(route.providerID.rawValue, forKey: .provider)
        try container.encode(route.providerName, forKey: .providerName)
        try container.encode(route.upstreamModel, forKey: .upstreamModel)
        try container.encode(route.weight, forKey: .weight)
        try container.encode(route.priority, forKey: .priority)
        try container.encode(route.isActive, forKey: .isActive)
    }
}
