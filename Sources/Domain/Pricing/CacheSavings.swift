extension Rates {
    /// What reading from a cache saved the customer: what those tokens would have cost as plain input, less what they cost,
    /// multiplier included. Negative where cached input is the dearer one; at most ``Bill/largest`` either way.
    package func cacheSavings(of usage: Usage, multiplier: Multiplier) -> Money {
        let perToken = Int128(effectiveRate(of: .input)) - Int128(effectiveRate(of: .cacheRead))
        let list = Int128(usage[.cacheRead]) * perToken
        // 2³² tokens at less than 2⁶³, times at most 10⁷ basis points, stay below 2¹²⁷.
        let saved = (try? multiplier.applied(to: abs(list))) ?? .max
        let capped = min(saved, Int128(Bill.largest.picoDollars))
        return Money(saturating: list < 0 ? -capped : capped)
    }
}
