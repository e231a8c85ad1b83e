import Domain

/// What a provider was asked for a call, and what it may charge for it. Today each call makes one attempt at most.
struct AttemptAnswer: Encodable {
    let detail: CallDetail

    static let shape = Shape.object(
        "Attempt",
        [
            "provider": .id, "provider_name": .text.nullable(), "upstream_model": .text.nullable(), "cost": .money,
            "is_cost_known": .flag.noted("False where it may have worked without an answer: `cost` is an estimate."),
            "is_broken": .flag.noted("It broke off, stalled, or sent what could not be read."),
            "first_byte_ms": .count.nullable(), "duration_ms": .count.nullable(),
        ]
    )

    enum CodingKeys: String, CodingKey {
        case provider, cost
        case providerName = "provider_name"
        case upstreamModel = "upstream_model"
        case isCostKnown = "is_cost_known"
        case isBroken = "is_broken"
        case firstByte = "first_byte_ms"
        case duration = "duration_ms"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        let bill = detail.call.bill
        try container.encode(detail.call.provider.id.rawValue, forKey: .provider)
        try container.encode(detail.call.provider.name, forKey: .providerName)
        try container.encode(detail.upstreamModel, forKey: .upstreamModel)
        try container.encode(detail.call.cost.description, forKey: .cost)
        try container.encode(!bill.flags.contains(.unknownCost), forKey: .isCostKnown)
        try container.encode(bill.flags.contains(.upstreamBroken), forKey: .isBroken)
        try container.encode(bill.firstByteMilliseconds, forKey: .firstByte)
        try container.encode(bill.durationMilliseconds, forKey: .duration)
    }
}
