/// Why an amount could not be made; every case comes from outside input, so it is an error value and never a trap.
package enum MoneyError: Error, Hashable, Sendable {
    case overflow
    /// The text is not a plain decimal number of at most twelve decimals.
    case malformed
}

/// An exact amount of US dollars in pico-dollars (10⁻¹² USD). `Int64` reaches ±9.2 million dollars.
package struct Money: Hashable, Comparable, Sendable {
    package static let picosPerDollar: Int64 = 1_000_000_000_000
    package static let zero = Money(picoDollars: 0)

    package let picoDollars: Int64

    @inlinable
    package init(picoDollars: Int64) {
        self.picoDollars = picoDollars
    }

    /// - Throws: `MoneyError.overflow` outside `Int64`.
    package init(exactly picoDollars: Int128) throws(MoneyError) {
        guard let narrow = Int64(exactly: picoDollars) else { throw .overflow }
        self.picoDollars = narrow
    }

    @inlinable
    package static func < (left: Money, right: Money) -> Bool { left.picoDollars < right.picoDollars }

    package func adding(_ other: Money) throws(MoneyError) -> Money {
        let (sum, overflow) = picoDollars.addingReportingOverflow(other.picoDollars)
        guard !overflow else { throw .overflow }
        return Money(picoDollars: sum)
    }

    package func subtracting(_ other: Money) throws(MoneyError) -> Money {
        let (difference, overflow) = picoDollars.subtractingReportingOverflow(other.picoDollars)
        guard !overflow else { throw .overflow }
        return Money(picoDollars: difference)
    }

    /// The nearest amount that exists. Only for what is shown, summed or bounded anyway, never for balances.
    package func saturatingAdding(_ other: Money) -> Money {
        let (sum, overflow) = picoDollars.addingReportingOverflow(other.picoDollars)
        return Money(picoDollars: overflow ? (other.picoDollars < 0 ? .min : .max) : sum)
    }

    /// As ``saturatingAdding(_:)``.
    package func saturatingSubtracting(_ other: Money) -> Money {
        let (difference, overflow) = picoDollars.subtractingReportingOverflow(other.picoDollars)
        return Money(picoDollars: overflow ? (other.picoDollars < 0 ? .max : .min) : difference)
    }

    /// The nearest amount that exists to a number of pico-dollars.
    package init(saturating picoDollars: Int128) {
        self.picoDollars = Int64(clamping: picoDollars)
    }
}

// MARK: - Text

extension Money: CustomStringConvertible {
    /// Reads a plain decimal: an optional `-`, ASCII digits, at most one `.` between digits, at most twelve decimals.
    /// No spaces, signs of plus, exponents, separators, or other scripts' digits; `-0` is refused.
    package init(parsing text: some StringProtocol) throws(MoneyError) {
        self = try Money(picoDollars: Decimals.parse(text, decimals: 12))
    }

    /// The shortest exact decimal, with at least two decimals: `0.00`, `1.50`, `0.000000000001`, `-3.25`.
    package var description: String { Self.text(picoDollars) }

    /// An exact amount as it is shown, also of a sum that no ``Money`` holds: at least two decimals.
    package static func text(_ picoDollars: some FixedWidthInteger & SignedInteger) -> String {
        Decimals.print(picoDollars, decimals: 12, atLeast: 2)
    }
}

/// Strict fixed-point decimals over `Int64`: what prices, amounts and multipliers are read from and shown as.
package enum Decimals {
    /// - Returns: the number times 10^`decimals`.
    package static func parse(_ text: some StringProtocol, decimals: Int) throws(MoneyError) -> Int64 {
        var value: Int128 = 0
        var seenDigit = false
        var seenPoint = false
        var fraction = 0
        var negative = false
        var count = 0
        var lastWasPoint = false
        for byte in text.utf8 {
            count += 1
            guard count <= 40 else { throw .malformed }
            lastWasPoint = false
            switch byte {
            case UInt8(ascii: "-") where count == 1:
                negative = true
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if seenPoint {
                    fraction += 1
                    // Zeros beyond the last decimal change nothing; anything else would be lost.
                    if fraction > decimals {
                        guard byte == UInt8(ascii: "0") else { throw .malformed }
                        continue
                    }
                }
                seenDigit = true
                value = value * 10 + Int128(byte - UInt8(ascii: "0"))
                guard value <= (negative ? 1 << 63 : Int128(Int64.max)) else { throw .overflow }
            case UInt8(ascii: ".") where seenDigit && !seenPoint:
                seenPoint = true
                lastWasPoint = true
            default:
                throw .malformed
            }
        }
        guard seenDigit, !lastWasPoint else { throw .malformed }
        var missing = decimals - min(fraction, decimals)
        while missing > 0 {
            value *= 10
            missing -= 1
            guard value <= (negative ? 1 << 63 : Int128(Int64.max)) else { throw .overflow }
        }
        if negative {
            guard value != 0 else { throw .malformed }
            value = -value
        }
        return Int64(value)
    }

    package static func print(_ value: some FixedWidthInteger & SignedInteger, decimals: Int, atLeast: Int) -> String {
        // Of 128 bits: 39 digits, a sign and a point.
        String(unsafeUninitializedCapacity: max(41, decimals + 3)) { bytes in
            var count = 0
            func append(_ byte: UInt8) {
                bytes.initializeElement(at: count, to: byte)
                count += 1
            }
            // From the last digit to the first; zeros that nobody needs are passed over.
            var rest = value.magnitude
            var place = 0
            while rest != 0 || place <= decimals {
                if place == decimals, count > 0 { append(UInt8(ascii: ".")) }
                let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
                if digit != 0 || count > 0 || place >= decimals - atLeast {
                    append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit))
                }
                rest = quotient
                place += 1
            }
            if value < 0 { append(UInt8(ascii: "-")) }
            var written = UnsafeMutableBufferPointer(rebasing: bytes[..<count])
            written.reverse()
            return count
        }
    }
}
