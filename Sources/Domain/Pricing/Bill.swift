/// Usage turned into money under a price, a multiplier and a hold. Usage comes from outside and may lie; no count can make
/// this fail: the charge ends at the hold, which no quote lets pass ``largest``, cost and excess at that.
package struct Bill: Hashable, Sendable {
    /// What is stored and summed of one call: no lie of an upstream can make a later sum fail.
    package static let largest = Money(picoDollars: 10_000 * Money.picosPerDollar)

    /// To the customer: exact, rounded at most once by the multiplier, never above the hold.
    package let charge: Money
    /// What the exact charge exceeded the hold by, at most ``largest``.
    package let excess: Money
    /// At the provider, at most ``largest``.
    package let cost: Money

    package init(usage: Usage, rates: Rates, costRates: Rates, multiplier: Multiplier, hold: Money) {
        let hold = max(.zero, hold)
        let exact: Int128
        // Nine classes of at most 2³² tokens at less than 2⁶³, times at most 10⁷ basis points, stay below 2¹²⁷.
        do { exact = try multiplier.applied(to: rates.price(of: usage)) } catch { exact = .max }
        charge = min(Money(saturating: exact), hold)
        excess = min(Money(saturating: exact - Int128(charge.picoDollars)), Self.largest)
        cost = min(Money(saturating: costRates.price(of: usage)), Self.largest)
    }
}
