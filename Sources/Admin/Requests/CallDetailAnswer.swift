import Domain

/// A call with its bill explained: each class's count × price and the fee, times the multiplier, at most the hold; then
/// what corrections and refunds moved.
struct CallDetailAnswer: Encodable {
    let detail: CallDetail
    /// What is kept of its bodies.
    let body: BodyStanding?
    let reader: CallReader

    static func shape(for reader: CallReader) -> Shape {
        let all: [(String, Shape)] = [
            ("price_version", .id), ("price_multiplier", .text), ("fee_per_call", .money), ("lines", .list(line)),
            ("hold", .money), ("charge", .money.noted("As the call was closed, before corrections and refunds.")),
            ("output_limit", .count), ("estimated_input_tokens", .count), ("estimated_input_price", .money),
            ("parts", .list(part)), ("entries", .list(EntryAnswer.shape)), ("raw_usage", .text.nullable()),
            ("raw_usage_expired", .flag.noted("Raw usage of that time is kept no longer.")),
            ("body", BodyStandingAnswer.shape.nullable()),
        ]
        let operators: [(String, Shape)] = [("attempts", .list(AttemptAnswer.shape)), ("excess", .money)]
        return .object(
            reader == .owner ? "OwnRequestDetail" : "RequestDetail",
            CallAnswer.members(for: reader) + (reader == .owner ? all : all + operators).map { ($0.0, $0.1, true) }
        )
    }

    private static let line = Shape.object(
        "BillLine",
        [
            "class": .choice(TokenClass.allCases.map(\.name)), "count": .count, "price_per_1m": .money,
            "amount": .money, "provenance": .choice(Provenance.allCases.map { "\($0)" }),
        ]
    )
    private static let part = Shape.object(
        "HoldPart",
        ["lane": .choice(["grant", "key"]), "id": .id, "amount": .money]
    )

    private struct Part: Encodable {
        let lane: String
        let id: Int64
        let amount: String

        init(_ part: HoldPart) {
            switch part.lane {
            case .grant(let id): (lane, self.id) = ("grant", id.rawValue)
            case .key(let id): (lane, self.id) = ("key", id.rawValue)
            }
            amount = part.amount.description
        }
    }

    enum CodingKeys: String, CodingKey {
        case lines, hold, charge, parts, entries, attempts, excess, body
        case priceVersion = "price_version"
        case multiplier = "price_multiplier"
        case fee = "fee_per_call"
        case outputLimit = "output_limit"
        case estimatedTokens = "estimated_input_tokens"
        case estimatedPrice = "estimated_input_price"
        case rawUsage = "raw_usage"
        case isRawUsageExpired = "raw_usage_expired"
    }

    func encode(to encoder: any Encoder) throws {
        try CallAnswer(call: detail.call, reader: reader).encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        let bill = detail.call.bill
        try container.encode(detail.priceVersion.rawValue, forKey: .priceVersion)
        try container.encode(bill.multiplier.description, forKey: .multiplier)
        try container.encode((bill.rates?.feePerCall ?? .zero).description, forKey: .fee)
        try container.encode(bill.lines.map(BillJSON.Line.init), forKey: .lines)
        try container.encode(bill.hold.description, forKey: .hold)
        try container.encode(detail.firstCharge.description, forKey: .charge)
        try container.encode(detail.outputLimit, forKey: .outputLimit)
        try container.encode(detail.estimatedInputTokens, forKey: .estimatedTokens)
        try container.encode(detail.estimatedInputPrice.description, forKey: .estimatedPrice)
        try container.encode(detail.parts.map(Part.init), forKey: .parts)
        try container.encode(detail.entries.map(EntryAnswer.init(record:)), forKey: .entries)
        try container.encode(detail.rawUsage, forKey: .rawUsage)
        try container.encode(detail.isRawUsageExpired, forKey: .isRawUsageExpired)
        try container.encode(body.map(BodyStandingAnswer.init), forKey: .body)
        guard reader == .auditor else { return }
        try container.encode([AttemptAnswer(detail: detail)], forKey: .attempts)
        try container.encode(detail.excess.description, forKey: .excess)
    }
}
