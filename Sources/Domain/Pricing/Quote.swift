/// The worst case of a call under one group, as a line: `fixed + perOutputToken × limit`, multiplier included.
package struct Quote: Hashable, Sendable {
    /// Input at its dearest, fees, and thinking beside the output limit.
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
    ///   - thinkingTokens: what a choice may think beyond its output limit; it is never lowered.
    /// - Throws: `MoneyError.overflow` beyond ``Bill/largest``.
    package static func worstCase(
        rates: Rates,
        multiplier: Multiplier,
        inputTokens: Int64,
        choices: Int64,
        outputLimit: Int64,
        lowestOutputLimit: Int64,
        thinkingTokens: Int64 = 0
    ) throws(MoneyError) -> Quote {
        let input = Int128(max(0, inputTokens)) * Int128(rates.dearestInputRate) + Int128(rates.feePerCall.picoDollars)
        let perToken = Int128(max(0, choices)) * Int128(rates.dearestOutputRate)
        let (thinking, isTooMuch) = perToken.multipliedReportingOverflow(by: Int128(max(0, thinkingTokens)))
        let (fixed, overflow) = input.addingReportingOverflow(thinking)
        guard !isTooMuch, !overflow else { throw .overflow }
        let quote = Quote(
            fixed: try multiplier.applyRoundingUp(to: fixed),
            perOutputToken: try multiplier.applyRoundingUp(to: perToken),
            outputLimit: outputLimit,
            lowestOutputLimit: lowestOutputLimit
        )
        guard try quote.bound(outputLimit: outputLimit) <= Bill.largest else { throw .overflow }
        return quote
    }
}
