import Domain

/// What a call of 1,000 input, 1,000 cached and 500 output tokens costs at a price, line by line: a price in a wrong unit
/// shows at once.
struct SampleBill: Encodable {
    private static let usage: Usage = {
        var usage = Usage()
        usage.set(.input, to: 1_000, .reported)
        usage.set(.cacheRead, to: 1_000, .reported)
        usage.set(.output, to: 500, .reported)
        return usage
    }()

    static let shape = Shape.object(
        "SampleBill",
        [
            "lines": .list(
                .object(
                    "BillLine",
                    [
                        "token_class": .choice(TokenClass.allCases.map(\.name)), "tokens": .count,
                        "price_per_1k": .money, "amount": .money,
                    ]
                )
            ),
            "price_per_call": .money, "total": .money,
        ]
    )

    private struct Line: Encodable {
        let line: BillLine

        enum CodingKeys: String, CodingKey {
            case tokenClass = "token_class"
            case tokens, amount
            case pricePerThousand = "price_per_1k"
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(line.tokenClass.name, forKey: .tokenClass)
            try container.encode(line.count, forKey: .tokens)
            try container.encode(PriceName.text(perThousand: line.picosPerToken), forKey: .pricePerThousand)
            try container.encode(Money.text(line.amount), forKey: .amount)
        }
    }

    enum CodingKeys: String, CodingKey {
        case lines, total
        case feePerCall = "price_per_call"
    }

    let rates: Rates

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(rates.lines(of: Self.usage).map(Line.init(line:)), forKey: .lines)
        try container.encode(rates.feePerCall.description, forKey: .feePerCall)
        try container.encode(Money.text(rates.price(of: Self.usage)), forKey: .total)
    }
}
