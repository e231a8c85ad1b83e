import Domain

/// Sums as JSON. What providers are paid is for staff alone.
struct FiguresAnswer: Encodable {
    let sums: UsageSums
    let showsCost: Bool

    private static let counts: [UsageFigure] = [
        .requests, .voided, .errors, .inputTokens, .cacheReadTokens, .cacheWriteTokens, .outputTokens, .reasoningTokens,
        .audioInputTokens, .audioOutputTokens, .imageTokens,
    ]

    static func shape(showsCost: Bool) -> Shape {
        let latency = Shape.object(
            "Latency",
            ["at_least_ms": .count, "below_ms": .count.nullable()]
        ).nullable()
        var members: [(name: String, shape: Shape, isRequired: Bool)] = counts.map { ($0.name, .count, true) }
        members += [
            ("charge", Shape.money.noted("Of the calls as they ended."), true),
            ("corrections", Shape.money.noted("Of calls that a policy had closed before they ended."), true),
            ("spend", Shape.money.noted("Charge and corrections; refunds are apart."), true),
            ("refunds", Shape.money.noted("Given back in this time, whenever the calls were."), true),
            (
                "cache_savings",
                Shape.money.noted("What cached input would have cost as plain input, less what it cost."), true
            ),
            ("mean_ms", Shape.count.nullable(), true), ("p50", latency, true), ("p95", latency, true),
            ("p99", latency, true), ("is_saturated", .flag, true),
        ]
        if showsCost {
            members += [
                ("provider_cost", .money, true),
                ("margin", Shape.money.noted("Spend less refunds and provider cost."), true),
                (
                    "excess", Shape.money.noted("What calls would have cost beyond their holds: the provider's loss."),
                    true
                ),
            ]
        }
        return .object(showsCost ? "Figures" : "OwnFigures", members)
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private struct Latency: Encodable {
        let bound: LatencyBound

        enum CodingKeys: String, CodingKey {
            case least = "at_least_ms"
            case below = "below_ms"
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(bound.atLeastMilliseconds, forKey: .least)
            try container.encode(bound.belowMilliseconds, forKey: .below)
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        for figure in Self.counts { try container.encode(Int64(clamping: sums[figure]), forKey: Key(figure.name)) }
        var money: [(String, Int128)] = [
            ("charge", sums[.charge]), ("corrections", sums[.corrections]), ("spend", sums.spend),
            ("refunds", sums.refunds), ("cache_savings", sums[.cacheSavings]),
        ]
        if showsCost {
            money += [("provider_cost", sums[.cost]), ("margin", sums.margin), ("excess", sums[.excess])]
        }
        for (name, amount) in money { try container.encode(Money.text(amount), forKey: Key(name)) }
        try container.encode(sums.meanMilliseconds, forKey: Key("mean_ms"))
        for percent in [50, 95, 99] {
            try container.encode(sums.latency(percent: percent).map(Latency.init(bound:)), forKey: Key("p\(percent)"))
        }
        try container.encode(sums.isSaturated, forKey: Key("is_saturated"))
    }
}
