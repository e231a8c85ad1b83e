import Domain

/// What cached input saved on a bill, as roll-ups count it. Price versions are never edited, so what was read stays true.
struct CacheSavings {
    private static let selectRates = "SELECT rates FROM price_versions WHERE id = ?"
    private static let selectSince = "SELECT cache_savings_since FROM statistics_marks WHERE id = 1"
    /// Prices are few; the memory of them is bounded all the same.
    private static let largestMemory = 4_096

    private var rates: [PriceVersionID: Rates] = [:]
    private var since: Instant?

    /// Nothing for a call that was not charged, or that ended before savings were counted.
    mutating func amount(
        state: CallState,
        usage: Usage,
        price: PriceVersionID,
        multiplier: Multiplier,
        endedAt: Instant,
        _ connection: any SQLConnection
    ) throws -> Money {
        guard usage[.cacheRead] > 0, state == .captured else { return .zero }
        let start = try since ?? connection.query(Self.selectSince) { $0.instant(0) }.first ?? Instant(microseconds: 0)
        since = start
        guard endedAt >= start, let rates = try rates(of: price, connection) else { return .zero }
        return rates.cacheSavings(of: usage, multiplier: multiplier)
    }

    private mutating func rates(of price: PriceVersionID, _ connection: any SQLConnection) throws -> Rates? {
        if let known = rates[price] { return known }
        let text = try connection.query(Self.selectRates, SQLValue(price)) { $0.text(0) }.first
        guard let found = text.flatMap(RatesCoding.decode) else { return nil }
        if rates.count >= Self.largestMemory { rates.removeAll(keepingCapacity: true) }
        rates[price] = found
        return found
    }
}
