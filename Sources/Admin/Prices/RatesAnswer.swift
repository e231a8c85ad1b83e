import Domain

/// Names of members that are made of data.
struct NameKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
}

/// Prices as members of an answer: null where a class has none of its own.
enum RatesAnswer {
    static func shapes(prefix: String = "") -> [(name: String, shape: Shape, isRequired: Bool)] {
        TokenClass.allCases.map { (prefix + PriceName.perThousand($0), Shape.money.nullable(), true) }
            + [(prefix + PriceName.feePerCall, Shape.money.nullable(), true)]
    }

    /// - Parameter rates: nil: none at all.
    static func encode(
        _ rates: Rates?,
        prefix: String = "",
        into container: inout KeyedEncodingContainer<NameKey>
    ) throws {
        for tokenClass in TokenClass.allCases {
            try container.encode(
                rates?[tokenClass].map(PriceName.text(perThousand:)),
                forKey: NameKey(prefix + PriceName.perThousand(tokenClass))
            )
        }
        try container.encode(rates?.feePerCall.description, forKey: NameKey(prefix + PriceName.feePerCall))
    }

    /// Prices that stand alone.
    struct Alone: Encodable {
        let rates: Rates

        static let shape = Shape.object("Rates", RatesAnswer.shapes())

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: NameKey.self)
            try RatesAnswer.encode(rates, into: &container)
        }
    }
}
