/// A group's mark-up or discount in basis points: 10,000 is the list price.
package struct Multiplier: Hashable, Sendable {
    package static let one = Multiplier(uncheckedBasisPoints: 10_000)
    /// A thousand times the list price; beyond it a multiplier is a typing error.
    package static let largestBasisPoints: Int64 = 10_000_000

    package let basisPoints: Int64

    private init(uncheckedBasisPoints: Int64) { basisPoints = uncheckedBasisPoints }

    /// - Throws: `MoneyError.malformed` below 0 or above ``largestBasisPoints``.
    package init(basisPoints: Int64) throws(MoneyError) {
        guard (0...Self.largestBasisPoints).contains(basisPoints) else { throw .malformed }
        self.basisPoints = basisPoints
    }

    /// Reads `1.0`, `0.85`, `1.2345`: a plain decimal of at most four decimals.
    package init(parsing text: some StringProtocol) throws(MoneyError) {
        try self.init(basisPoints: Decimals.parse(text, decimals: 4))
    }

    /// `picos` × multiplier, rounded once, half to even. `picos` must not be negative.
    package func apply(to picos: Int128) throws(MoneyError) -> Money {
        try Money(exactly: applied(to: picos))
    }

    /// As ``apply(to:)``, before it is made an amount.
    func applied(to picos: Int128) throws(MoneyError) -> Int128 {
        if basisPoints == 10_000 { return picos }
        let (product, overflow) = picos.multipliedReportingOverflow(by: Int128(basisPoints))
        guard !overflow else { throw .overflow }
        let (quotient, remainder) = product.quotientAndRemainder(dividingBy: 10_000)
        let roundsUp = remainder > 5_000 || (remainder == 5_000 && quotient % 2 != 0)
        return roundsUp ? quotient + 1 : quotient
    }

    /// `picos` × multiplier, rounded up: a bound must never fall below the bill it bounds.
    package func applyRoundingUp(to picos: Int128) throws(MoneyError) -> Money {
        if basisPoints == 10_000 { return try Money(exactly: picos) }
        let (product, overflow) = picos.multipliedReportingOverflow(by: Int128(basisPoints))
        guard !overflow else { throw .overflow }
        let (quotient, remainder) = product.quotientAndRemainder(dividingBy: 10_000)
        return try Money(exactly: remainder > 0 ? quotient + 1 : quotient)
    }
}

extension Multiplier: CustomStringConvertible {
    package var description: String { Decimals.print(basisPoints, decimals: 4, atLeast: 1) }
}
