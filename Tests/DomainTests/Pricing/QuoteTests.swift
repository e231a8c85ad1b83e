import Testing

@testable import Domain

@Suite("Quotes")
struct QuoteTests {
    @Test("the bound is never less than a bill within the limits", arguments: [1, 2, 3, 4] as [UInt64])
    func bounds(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        for _ in 0..<2_000 {
            var rates = Rates()
            for tokenClass in TokenClass.allCases where !random.oneIn(3) {
                rates[tokenClass] = random.int(0...(random.oneIn(2) ? 9 : 80_000_000))
            }
            if random.oneIn(3) { rates.feePerCall = Money(picoDollars: random.int(0...1_000_000)) }
            let multiplier = try Multiplier(basisPoints: random.int(0...30_000))
            let inputTokens = random.int(0...5_000)
            let choices = random.int(1...4)
            let outputLimit = random.int(0...3_000)
            let thinkingTokens = random.oneIn(2) ? 0 : random.int(0...3_000)
            let quote = try Quote.worstCase(
                rates: rates,
                multiplier: multiplier,
                inputTokens: inputTokens,
                choices: choices,
                outputLimit: outputLimit,
                lowestOutputLimit: outputLimit / 2,
                thinkingTokens: thinkingTokens
            )
            let limit = random.oneIn(2) ? outputLimit : random.int(quote.lowestOutputLimit...outputLimit)
            var usage = Usage()
            var input = random.oneIn(3) ? inputTokens : random.int(0...inputTokens)
            let most = (limit + thinkingTokens) * choices
            var output = random.oneIn(3) ? most : random.int(0...most)
            // Split over the classes in random order; the last one takes the rest half of the time.
            for tokenClass in TokenClass.allCases.shuffled(using: &random) {
                let left = tokenClass.isOutput ? output : input
                let count = random.oneIn(2) ? left : random.int(0...left)
                usage.set(tokenClass, to: count, .reported)
                if tokenClass.isOutput { output -= count } else { input -= count }
            }
            let bound = try quote.bound(outputLimit: limit)
            let bill = Bill(
                usage: usage,
                rates: rates,
                costRates: rates,
                multiplier: multiplier,
                hold: Money(picoDollars: .max)
            )
            #expect(bill.charge <= bound)
        }
    }

    @Test("a call costs ten thousand dollars at most", arguments: [(10_000, true), (10_001, false)] as [(Int64, Bool)])
    func largest(dollars: Int64, isQuoted: Bool) throws {
        var rates = Rates()
        rates[.input] = Money.picosPerDollar
        let quote = try? Quote.worstCase(
            rates: rates,
            multiplier: .one,
            inputTokens: dollars,
            choices: 1,
            outputLimit: 0,
            lowestOutputLimit: 0
        )
        #expect((quote != nil) == isQuoted)
    }

    @Test("overflow is an error value")
    func overflows() throws {
        var rates = Rates()
        rates[.output] = .max
        #expect(throws: MoneyError.overflow) {
            try Quote.worstCase(
                rates: rates,
                multiplier: .one,
                inputTokens: 1,
                choices: 2,
                outputLimit: 1,
                lowestOutputLimit: 1
            )
        }
        rates[.output] = 1 << 40
        for thinkingTokens in [1 << 30, .max] as [Int64] {
            #expect(throws: MoneyError.overflow) {
                try Quote.worstCase(
                    rates: rates,
                    multiplier: .one,
                    inputTokens: 1,
                    choices: .max >> 41,
                    outputLimit: 1,
                    lowestOutputLimit: 1,
                    thinkingTokens: thinkingTokens
                )
            }
        }
        let quote = Quote(
            fixed: .zero,
            perOutputToken: Money(picoDollars: .max),
            outputLimit: .max,
            lowestOutputLimit: 1
        )
        #expect(throws: MoneyError.overflow) { try quote.bound(outputLimit: .max) }
        #expect(try quote.bound(outputLimit: 1) == Money(picoDollars: .max))
    }

    @Test("negative counts are none")
    func negative() throws {
        var rates = Rates()
        rates[.input] = 5
        rates[.output] = 5
        let quote = try Quote.worstCase(
            rates: rates,
            multiplier: .one,
            inputTokens: -1,
            choices: -1,
            outputLimit: 1,
            lowestOutputLimit: 1
        )
        #expect(quote.fixed == .zero && quote.perOutputToken == .zero)
    }

    @Test(
        "how far an output limit may be lowered",
        arguments: [
            (ClampRule.never, 4_096, true, false, 4_096), (.never, 4_096, false, false, 4_096),
            (.implicit, 4_096, true, false, 1_024),
            // The client's own limit is only lowered where the operator says so.
            (.implicit, 4_096, false, false, 4_096), (.explicit, 4_096, false, false, 1_024),
            (.explicit, 4_096, true, true, 4_096), (.implicit, 512, true, false, 256),
            (.implicit, 200, true, false, 200),
            (.implicit, 1_025, true, false, 257), (.explicit, 0, true, false, 0), (.explicit, -5, true, false, -5),
            (.explicit, .max, true, false, .max / 4 + 1),
        ] as [(ClampRule, Int64, Bool, Bool, Int64)]
    )
    func clamp(rule: ClampRule, limit: Int64, isInjected: Bool, isRigid: Bool, lowest: Int64) {
        #expect(rule.lowestOutputLimit(for: limit, isInjected: isInjected, isRigid: isRigid) == lowest)
    }

    @Test("names in the configuration")
    func names() {
        #expect(ClampRule.allCases.map(\.rawValue) == ["never", "implicit", "explicit"])
        #expect(UncertainPolicy.allCases.map(\.rawValue) == ["charge_input", "charge_hold", "void"])
        #expect(DisconnectPolicy.allCases.map(\.rawValue) == ["estimate", "charge_hold", "void"])
    }
}
