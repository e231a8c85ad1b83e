/// Prices per token and class, and a fee per call. Absent is not zero: "0" must be said.
package struct Rates: Hashable, Sendable {
    private var picos: InlineArray<9, Int64> = .init(repeating: -1)
    /// Charged once a call, whatever it uses; never negative.
    package var feePerCall: Money = .zero {
        didSet { feePerCall = max(.zero, feePerCall) }
    }

    package init() {}

    /// Pico-dollars per token; nil where no price was set for this class itself.
    package subscript(tokenClass: TokenClass) -> Int64? {
        get {
            let rate = picos[tokenClass.rawValue]
            return rate < 0 ? nil : rate
        }
        set { picos[tokenClass.rawValue] = newValue.map { max(0, $0) } ?? -1 }
    }

    /// The rate a class is billed at. A class without a price of its own is billed as the plain class it is a part of:
    /// caches, audio and images as input, reasoning and audio as output.
    package func effectiveRate(of tokenClass: TokenClass) -> Int64 {
        self[tokenClass] ?? self[tokenClass.isOutput ? .output : .input] ?? 0
    }

    package var dearestInputRate: Int64 {
        TokenClass.allCases.lazy.filter { !$0.isOutput }.map(effectiveRate(of:)).max() ?? 0
    }

    package var dearestOutputRate: Int64 {
        TokenClass.allCases.lazy.filter(\.isOutput).map(effectiveRate(of:)).max() ?? 0
    }

    /// Exact, before any multiplier; nothing is rounded, for classes are disjoint and rates are whole pico-dollars.
    package func price(of usage: Usage) -> Int128 {
        var total = Int128(feePerCall.picoDollars)
        for tokenClass in TokenClass.allCases where usage[tokenClass] != 0 {
            total += Int128(usage[tokenClass]) * Int128(effectiveRate(of: tokenClass))
        }
        return total
    }

    package static func == (left: Rates, right: Rates) -> Bool {
        left.feePerCall == right.feePerCall && TokenClass.allCases.allSatisfy { left[$0] == right[$0] }
    }

    package func hash(into hasher: inout Hasher) {
        for tokenClass in TokenClass.allCases { hasher.combine(self[tokenClass]) }
    }
}

/// What a model costs from an instant on. Versions are never edited; a call keeps the one it was quoted under.
package struct PriceVersion: Hashable, Sendable {
    package let id: PriceVersionID
    package let modelID: ModelID
    package let effectiveFrom: Instant
    /// The customer's list price.
    package let rates: Rates

    package init(id: PriceVersionID, modelID: ModelID, effectiveFrom: Instant, rates: Rates) {
        self.id = id
        self.modelID = modelID
        self.effectiveFrom = effectiveFrom
        self.rates = rates
    }
}
