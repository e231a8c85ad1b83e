/// What is to change of a price, class by class.
package struct RatesChange: Hashable, Sendable {
    /// Pico-dollars a token; nil: no price of its own any more.
    package var picos: [TokenClass: Int64?] = [:]
    package var feePerCall: Money?
    /// What is not named goes: the change is the whole price.
    package var isWhole = false

    package init() {}

    package var isEmpty: Bool { picos.isEmpty && feePerCall == nil }

    /// - Parameter rates: what there is; nil: nothing yet.
    package func applied(to rates: Rates?) -> Rates {
        var changed = isWhole ? Rates() : rates ?? Rates()
        for (tokenClass, price) in picos { changed[tokenClass] = price }
        if let feePerCall { changed.feePerCall = feePerCall }
        return changed
    }
}

extension Rates {
    /// The plain class that has no price though it must: absent is not zero.
    package var missingClass: TokenClass? {
        [.input, .output].first { self[$0] == nil }
    }

    /// No price at all is said.
    package var isEmpty: Bool { feePerCall == .zero && TokenClass.allCases.allSatisfy { self[$0] == nil } }
}
