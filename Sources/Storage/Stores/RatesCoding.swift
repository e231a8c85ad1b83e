package import Domain

/// Prices as a column keeps them: `input=150000 output=600000 fee=0`, pico-dollars a token; a class without a price of
/// its own is left out.
package enum RatesCoding {
    package static func encode(_ rates: Rates) -> String {
        var words = TokenClass.allCases.compactMap { tokenClass in
            rates[tokenClass].map { "\(tokenClass.name)=\($0)" }
        }
        if rates.feePerCall > .zero { words.append("fee=\(rates.feePerCall.picoDollars)") }
        return words.joined(separator: " ")
    }

    /// - Returns: nil for a text that names an unknown class or no number.
    package static func decode(_ text: String) -> Rates? {
        var rates = Rates()
        for word in text.split(separator: " ") {
            let pair = word.split(separator: "=")
            guard pair.count == 2, let number = Int64(pair[1]), number >= 0 else { return nil }
            if pair[0] == "fee" {
                rates.feePerCall = Money(picoDollars: number)
            } else if let tokenClass = TokenClass.allCases.first(where: { $0.name == pair[0] }) {
                rates[tokenClass] = number
            } else {
                return nil
            }
        }
        return rates
    }
}
