import Testing

@testable import Domain

@Suite("what caches save")
struct CacheSavingsTests {
    @Test(
        "as plain input, less what it cost, under the group's multiplier",
        arguments: [
            (100, 10, 4, 10_000, 600), (100, 10, 4, 15_000, 900), (0, 10, 4, 10_000, 0),
            // A class without a price of its own costs what input costs.
            (100, 10, nil, 10_000, 0),
            (100, 4, 10, 10_000, -600), (1, 5, 0, 5_000, 2),
            (.max, .max, 0, 10_000_000, 10_000_000_000_000_000), (.max, 0, .max, 10_000_000, -10_000_000_000_000_000),
        ] as [(Int64, Int64, Int64?, Int64, Int64)]
    )
    func savings(tokens: Int64, input: Int64, cached: Int64?, basisPoints: Int64, saved: Int64) throws {
        var rates = Rates()
        rates[.input] = input
        rates[.cacheRead] = cached
        var usage = Usage()
        usage.set(.cacheRead, to: tokens, .reported)
        let multiplier = try Multiplier(basisPoints: basisPoints)
        #expect(rates.cacheSavings(of: usage, multiplier: multiplier).picoDollars == saved)
    }
}
