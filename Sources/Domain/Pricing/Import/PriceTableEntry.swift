/// A model in a price table of LiteLLM's form (`model_prices_and_context_window.json`), as it was written.
package struct PriceTableEntry: Hashable, Sendable {
    package let name: String
    /// `chat`, `embedding`, …
    package let mode: String?
    /// Members that are numbers, each as its text.
    package let numbers: [String: String]
    /// The same of each step of `tiered_pricing`.
    package let tiers: [[String: String]]

    package init(name: String, mode: String?, numbers: [String: String], tiers: [[String: String]] = []) {
        self.name = name
        self.mode = mode
        self.numbers = numbers
        self.tiers = tiers
    }
}

/// What somebody has to agree to before a price is taken from a table; by these words in requests and flags.
package enum PriceAcceptance: String, Hashable, Sendable, CaseIterable {
    /// Round what has more than twelve decimals.
    case rounding
    /// Take prices above $0.001 a token.
    case implausible
    /// Take the dearest of several prices of one class, as of tiers by the prompt's length.
    case dearest
    /// Take a price of nothing.
    case free
}

/// Something about a price in a table that does not go without saying.
package struct PriceFinding: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case needs(PriceAcceptance)
        case negative
        case unreadable
        /// A price in a unit that no call is billed by here: per image, second, character, query.
        case otherUnit
        /// Input or output has no price per token.
        case noPrice

        /// Stable, for programs.
        package var code: String {
            switch self {
            case .needs(let acceptance): "needs_\(acceptance.rawValue)"
            case .negative: "negative"
            case .unreadable: "unreadable"
            case .otherUnit: "other_unit"
            case .noPrice: "no_price"
            }
        }
    }

    package let kind: Kind
    /// The member of the entry; empty for the whole of it.
    package let member: String

    package init(_ kind: Kind, _ member: String = "") {
        self.kind = kind
        self.member = member
    }
}
