import Testing

@testable import Domain

/// Dollars per million tokens, as price lists show them: six decimals are whole pico-dollars a token.
private func perMillion(_ text: String) throws -> Int64 { try Decimals.parse(text, decimals: 6) }

private func rates(_ prices: [TokenClass: String]) throws -> Rates {
    var rates = Rates()
    for (tokenClass, text) in prices { rates[tokenClass] = try perMillion(text) }
    return rates
}

private func usage(_ counts: [TokenClass: Int64]) -> Usage {
    var usage = Usage()
    for (tokenClass, count) in counts { usage.set(tokenClass, to: count, .reported) }
    return usage
}

@Suite("Prices and bills")
struct RatesTests {
    @Test(
        "list prices are exact to the pico-dollar",
        arguments: [
            (
                "gpt-4o-mini", [.input: "0.15", .cacheRead: "0.075", .output: "0.60"],
                [.input: 1_234, .cacheRead: 4_096, .output: 789], "0.0009657"
            ),
            (
                "claude sonnet",
                [.input: "3", .cacheRead: "0.30", .cacheWrite5m: "3.75", .cacheWrite1h: "6", .output: "15"],
                [.input: 21, .cacheRead: 188_086, .cacheWrite5m: 456, .cacheWrite1h: 1, .output: 393], "0.0640998"
            ),
            (
                "deepseek, a cache hit at a tenth", [.input: "0.28", .cacheRead: "0.028", .output: "0.42"],
                [.input: 1, .cacheRead: 1, .output: 1], "0.000000728"
            ),
            (
                "gpt-4o audio", [.input: "2.50", .audioInput: "40", .output: "10", .audioOutput: "80"],
                [.input: 10, .audioInput: 100, .output: 5, .audioOutput: 50], "0.008075"
            ),
            (
                "cheapest: one token of a fraction of a micro-dollar", [.input: "0.0375", .output: "0.15"],
                [.input: 1], "0.0000000375"
            ),
            (
                "reasoning without a price of its own is output", [.input: "1.10", .output: "4.40"],
                [.input: 7, .output: 100, .reasoning: 1_000], "0.0048477"
            ),
            (
                "caches without prices of their own are input", [.input: "2", .output: "8"],
                [.cacheRead: 1_000, .cacheWrite5m: 500, .imageInput: 1], "0.003002"
            ),
            ("zero is a price", [.input: "0", .output: "0"], [.input: 1_000, .output: 1_000], "0"),
            (
                "cached at zero stays zero beside a priced input", [.input: "1", .cacheRead: "0", .output: "1"],
                [.input: 1, .cacheRead: 1_000_000], "0.000001"
            ),
        ] as [(String, [TokenClass: String], [TokenClass: Int64], String)]
    )
    func prices(name: String, prices: [TokenClass: String], counts: [TokenClass: Int64], total: String) throws {
        let picos = try rates(prices).price(of: usage(counts))
        #expect(try Money(exactly: picos) == Money(parsing: total), "\(name)")
    }

    @Test("a fee is charged once, and never negative")
    func fee() throws {
        var rates = try rates([.input: "1", .output: "1"])
        rates.feePerCall = try Money(parsing: "0.01")
        #expect(rates.price(of: usage([:])) == 10_000_000_000)
        rates.feePerCall = Money(picoDollars: -1)
        #expect(rates.price(of: usage([:])) == 0)
        rates[.input] = -5
        #expect(rates[.input] == 0)
        rates[.input] = nil
        #expect(rates[.input] == nil)
    }

    @Test("equality is by prices", arguments: TokenClass.allCases)
    func equality(tokenClass: TokenClass) {
        var rates = Rates()
        var same = Rates()
        rates[tokenClass] = 0
        #expect(rates != same, "a price of zero is not the absence of one")
        same[tokenClass] = 0
        #expect(rates == same && rates.hashValue == same.hashValue)
    }

    @Test("a bill is rounded once, after adding up")
    func oneRounding() throws {
        // 3 + 3 picos at 0.25 are 1.5 → 2; rounded line by line they would be 1 + 1 = 2, at 0.15 0.9 → 1 against 0 + 0.
        var rates = Rates()
        rates[.input] = 3
        rates[.output] = 3
        let usage = usage([.input: 1, .output: 1])
        let hold = Money(picoDollars: 100)
        for (basisPoints, charge) in [(2_500, 2), (1_500, 1), (10_000, 6), (0, 0)] as [(Int64, Int64)] {
            let bill = Bill(
                usage: usage,
                rates: rates,
                costRates: rates,
                multiplier: try Multiplier(basisPoints: basisPoints),
                hold: hold
            )
            #expect(bill.charge.picoDollars == charge)
            #expect(bill.cost.picoDollars == 6, "the provider knows nothing of our multiplier")
            #expect(bill.excess == .zero)
        }
    }

    @Test(
        "no usage makes a bill fail: the charge ends at the hold, cost and excess at their cap",
        arguments: [
            (1, 0), (1_000, 999), (Int64.max, 0), (Int64.max, 5), (Int64.max, Int64.max), (0, Int64.min), (5, -1),
        ] as [(Int64, Int64)]
    )
    func lies(rate: Int64, hold: Int64) throws {
        var usage = Usage()
        var rates = Rates()
        for tokenClass in TokenClass.allCases {
            usage.set(tokenClass, to: .max, .reported)
            rates[tokenClass] = rate
        }
        rates.feePerCall = Money(picoDollars: rate)
        for multiplier in [Multiplier.one, try Multiplier(basisPoints: Multiplier.largestBasisPoints)] {
            let hold = Money(picoDollars: hold)
            let bill = Bill(usage: usage, rates: rates, costRates: rates, multiplier: multiplier, hold: hold)
            #expect(bill.charge >= .zero && bill.charge <= max(.zero, hold))
            #expect(bill.excess >= .zero && bill.excess <= Bill.largest)
            #expect(bill.cost >= .zero && bill.cost <= Bill.largest)
            if rate > 0 { #expect(bill.charge == max(.zero, hold)) }
        }
    }

    @Test("what goes beyond the hold is our loss, exactly")
    func excess() {
        var rates = Rates()
        rates[.output] = 10
        let bill = Bill(
            usage: usage([.output: 7]),
            rates: rates,
            costRates: rates,
            multiplier: .one,
            hold: Money(picoDollars: 50)
        )
        #expect((bill.charge.picoDollars, bill.excess.picoDollars, bill.cost.picoDollars) == (50, 20, 70))
    }

    @Test("the price in force is the newest that has begun")
    func versions() throws {
        let versions = [10, 20, 30].map {
            PriceVersion(
                id: PriceVersionID($0),
                modelID: ModelID(1),
                effectiveFrom: Instant(microseconds: $0),
                rates: Rates()
            )
        }
        let model = Model(
            id: ModelID(1),
            name: "m",
            isActive: true,
            createdAt: Instant(microseconds: 0),
            contextLength: 1,
            maxOutputTokens: 1,
            defaultOutputTokens: 1,
            routes: [],
            groups: [],
            prices: versions
        )
        #expect(model.price(at: Instant(microseconds: 9)) == nil, "no price is no price, not zero")
        #expect(model.price(at: Instant(microseconds: 10))?.id == PriceVersionID(10))
        #expect(model.price(at: Instant(microseconds: 29))?.id == PriceVersionID(20))
        #expect(model.price(at: Instant(microseconds: .max))?.id == PriceVersionID(30))
    }
}
