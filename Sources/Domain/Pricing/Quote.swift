/// The worst case of a call under one group, as a line: `fixed + perOutputToken × limit`, multiplier included.
package struct Quote: Hashable, Sendable {
    /// Input at its dearest and fees.
    package let fixed: Money
    /// For each token of the output limit, over all choices.
    package let perOutputToken: Money
    /// Tokens per choice: the client's, or the one we inject. Zero where there is no output (embeddings).
    package let outputLimit: Int64
    /// How far the limit may be lowered to fit; equal to `outputLimit` where it may not.
    package let lowestOutputLimit: Int64

    package init(fixed: Money, perOutputToken: Money, outputLimit: Int64, lowestOutputLimit: Int64) {
        self.fixed = fixed
        self.perOutputToken = perOutputToken
        self.outputLimit = outputLimit
        self.lowestOutputLimit = lowestOutputLimit
    }

    /// The amount to hold for an output limit.
    package func bound(outputLimit: Int64) throws(MoneyError) -> Money {
        try Money(exactly: Int128(fixed.picoDollars) + Int128(perOutputToken.picoDollars) * Int128(outputLimit))
    }

    /// The worst case of a call: never less than any bill of usage within the stated limits.
    /// - Parameters:
    ///   - inputTokens: an upper bound of the prompt's tokens.
    ///   - choices: how many answers were asked for.
    package static func worstCase(
        rates: Rates,
        multiplier: Multiplier,
        inputTokens: Int64,
        choices: Int64,
        outputLimit: Int64,
        lowestOutputLimit: Int64
    ) throws(MoneyError) -> Quote {
        let input = Int128(inputTokens) * Int128(rates.dearestInputRate) + Int128(rates.feePerCall.picoDollars)
        let perToken = Int128(choices) * Int128(rates.dearestOutputRate)
        return Quote(
            fixed: try multiplier.applyRoundingUp(to: input),
            perOutputToken: try multiplier.applyRoundingUp(to: perToken),
            outputLimit: outputLimit,
            lowestOutputLimit: lowestOutputLimit
        )
    }
}

/// Usage turned into money under a price, a multiplier and a hold.
package struct Bill: Hashable, Sendable {
    /// To the customer: exact, rounded at most once by the multiplier, never above the hold.
    package let charge: Money
    /// What the exact charge exceeded the hold by.
    package let excess: Money
    /// At the provider.
    package let cost: Money

    /// The most that is stored as one call's cost or loss: no lie of an upstream can make a later sum fail.
    package static let largest = Money(picoDollars: 10_000 * Money.picosPerDollar)

    package init(usage: Usage, rates: Rates, costRates: Rates, multiplier: Multiplier, hold: Money) {
        let exact = try? multiplier.apply(to: rates.price(of: usage))
        let charge = exact.map { min($0, hold) } ?? hold
        let beyond = exact.map { Int128($0.picoDollars) - Int128(charge.picoDollars) } ?? Int128.max
        self.charge = charge
        excess = Money(picoDollars: Int64(clamping: min(beyond, Int128(Self.largest.picoDollars))))
        cost = Money(picoDollars: Int64(clamping: min(costRates.price(of: usage), Int128(Self.largest.picoDollars))))
    }
}
