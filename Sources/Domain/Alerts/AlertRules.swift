/// When people are warned.
package struct AlertRules: Hashable, Sendable {
    package static let mostSteps = 10
    package static let percents: ClosedRange<Int64> = 1...100
    /// Up to a year.
    package static let hours: ClosedRange<Int64> = 1...8_784
    package static let factors: ClosedRange<Int64> = 2...1_000
    package static let counts: ClosedRange<Int64> = 1...1_000_000

    /// Of a quota's total, ascending.
    package var thresholdPercents: [Int64] = [80, 95, 100]
    /// Before a quota's end, ascending.
    package var expiryHours: [Int64] = [24, 168]
    /// An hour's spending below it is never unusual.
    package var unusualSpendFloor = Money(picoDollars: 10 * Money.picosPerDollar)
    package var unusualSpendFactor: Int64 = 3
    /// Of a provider's calls, of which at least ``leastFailures`` failed.
    package var failurePercent: Int64 = 50
    package var leastFailures: Int64 = 20
    package var updatedAt = unset

    package init() {}

    /// The version of what nobody has set yet.
    package static let unset = Instant(microseconds: 1_000_000)

    /// Each step once, ascending.
    package static func steps(_ values: [Int64]) -> [Int64] { Set(values).sorted() }
}

/// What is to change of the rules; nil stays.
package struct AlertRulesChanges: Sendable {
    package var thresholdPercents: [Int64]?
    package var expiryHours: [Int64]?
    package var unusualSpendFloor: Money?
    package var unusualSpendFactor: Int64?
    package var failurePercent: Int64?
    package var leastFailures: Int64?

    package init() {}
}
