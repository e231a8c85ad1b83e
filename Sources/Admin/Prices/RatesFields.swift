import Domain

/// Prices as they are written: dollars per 1,000 tokens of each class, and a fee a call.
struct RatesFields: Sendable {
    /// The customer's list price.
    static let list = RatesFields(prefix: "", "for the customer")
    /// What a provider takes.
    static let cost = RatesFields(prefix: "cost_", "at the provider; all null: the list price")
    static let allowHighPrice = Field<Bool>.flag(
        "allow_high_price",
        "Take prices above $1 per 1,000 tokens, which mostly are written in another unit."
    )

    private let picos: [(tokenClass: TokenClass, field: Field<Int64?>)]
    private let feePerCall: Field<Money>

    private init(prefix: String, _ whose: String) {
        picos = TokenClass.allCases.map { ($0, Self.perThousand($0, prefix: prefix, whose).nullable()) }
        feePerCall = .money(
            prefix + PriceName.feePerCall,
            "Dollars a call, whatever it uses, \(whose).",
            Money.zero...Bill.largest
        )
    }

    var all: [any FieldDeclaration] { picos.map(\.field) + [feePerCall] }

    private static func perThousand(_ tokenClass: TokenClass, prefix: String, _ whose: String) -> Field<Int64> {
        let isPlain = tokenClass == .input || tokenClass == .output
        let otherwise = isPlain ? "" : " Null: as \(tokenClass.isOutput ? "output" : "input")."
        return Field(
            prefix + PriceName.perThousand(tokenClass),
            "Dollars per 1,000 tokens, \(whose).\(otherwise)",
            .text(1...13, pattern: #"^(0|[1-9][0-9]{0,2})(\.[0-9]{1,9})?$"#)
        ) { item in
            guard case .string(let text) = item else {
                return .wrong("Must be a decimal in a text, such as \"0.0015\".")
            }
            guard let picos = try? PriceName.read(perThousand: text) else {
                return .wrong("Must be a decimal of digits with at most 9 after the point.")
            }
            guard (0...PriceName.largestPicos).contains(picos) else { return .wrong("Must be from 0 to 1000.") }
            return .value(picos)
        }
    }

    /// - Parameter isWhole: what is not named goes.
    func read(from form: inout Form, isWhole: Bool, allowsHighPrice: Bool) -> RatesChange {
        var change = RatesChange()
        change.isWhole = isWhole
        for (tokenClass, field) in picos {
            guard let price = form.value(field) else { continue }
            change.picos[tokenClass] = .some(price)
            if let price, price > PriceName.highPicos, !allowsHighPrice {
                form.refuse(
                    field.name,
                    "More than $1 per 1,000 tokens; if that is meant, send allow_high_price: true."
                )
            }
        }
        change.feePerCall = form.value(feePerCall)
        return change
    }
}
