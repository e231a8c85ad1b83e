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

    private let prefix: String
    private let picos: [(tokenClass: TokenClass, field: Field<Int64?>)]
    private let feePerCall: Field<Money>

    private init(prefix: String, _ whose: String) {
        self.prefix = prefix
        picos = TokenClass.allCases.map { ($0, Self.perThousand($0, prefix: prefix, whose).nullable()) }
        feePerCall = .money(
            prefix + PriceName.feePerCall,
            "Dollars a call, whatever it uses, \(whose).",
            Money.zero...Bill.largest
        )
    }

    var all: [any Declaration] { picos.map(\.field) + [feePerCall] }

    private static func perThousand(_ tokenClass: TokenClass, prefix: String, _ whose: String) -> Field<Int64> {
        let isPlain = tokenClass == .input || tokenClass == .output
        let otherwise = isPlain ? "" : " Null: as \(tokenClass.isOutput ? "output" : "input")."
        return Field(
            prefix + PriceName.perThousand(tokenClass),
            "Dollars per 1,000 tokens, \(whose).\(otherwise)",
            .text(1...13, pattern: #"^[0-9]{1,3}(\.[0-9]{1,9})?$"#)
        ) { item in
            guard case .string(let text) = item else {
                return .wrong("Must be a decimal in a text, such as \"0.0015\".")
            }
            guard DecimalForm.fits(text, whole: 3, places: 9), let picos = try? PriceName.read(perThousand: text)
            else {
                return .wrong("Must be a decimal of digits, at most 3 before the point and 9 after it.")
            }
            return .value(picos)
        }
    }

    /// - Parameter isWhole: what is not named goes.
    func read(from form: inout Form, isWhole: Bool) -> RatesChange {
        var change = RatesChange()
        change.isWhole = isWhole
        for (tokenClass, field) in picos {
            if let price = form.value(field) { change.picos[tokenClass] = .some(price) }
        }
        change.feePerCall = form.value(feePerCall)
        return change
    }

    /// - Throws: 422 for a price that is nearly always one in another unit.
    func check(_ change: RatesChange, allowsHighPrice: Bool) throws(DeskError) {
        guard !allowsHighPrice else { return }
        for (tokenClass, field) in picos {
            guard let price = change.picos[tokenClass] ?? nil, price > PriceName.highPicos else { continue }
            throw .refused(field: field.name, .highPrice)
        }
    }

    /// - Throws: 422 for a price without input or output: absent is not zero.
    func whole(_ change: RatesChange) throws(DeskError) -> Rates {
        let rates = change.applied(to: nil)
        guard let missing = rates.missingClass else { return rates }
        throw .refused(field: prefix + PriceName.perThousand(missing), .incompletePrice)
    }
}
