/// A price per token as a JSON number says it, exactly as its digits say and not as a binary float would.
package enum TokenPrice: Hashable, Sendable {
    /// Pico-dollars.
    case exact(Int64)
    /// More than twelve decimals, mostly the debris of a binary float; with the nearest pico-dollars.
    case debris(nearest: Int64)
    case negative
    /// No number, or beyond any amount.
    case unreadable

    private static let mostCharacters = 64

    /// - Parameter text: a number of JSON's grammar.
    package init(_ text: some StringProtocol) {
        var rest = Array(text.utf8)[...]
        guard rest.count <= Self.mostCharacters else {
            self = .unreadable
            return
        }
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative { rest.removeFirst() }
        let mark = rest.firstIndex { $0 | 0x20 == UInt8(ascii: "e") } ?? rest.endIndex
        var digits: Int128 = 0
        var scale = 12
        var hasPoint = false
        var count = 0
        for byte in rest[..<mark] {
            if byte == UInt8(ascii: "."), !hasPoint {
                hasPoint = true
                continue
            }
            // Thirty digits are more than any float has and stay below 2¹⁰⁰.
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte), count < 30 || byte == UInt8(ascii: "0") else {
                self = .unreadable
                return
            }
            if count < 30 {
                digits = digits * 10 + Int128(byte - UInt8(ascii: "0"))
                if digits != 0 { count += 1 }
                if hasPoint { scale -= 1 }
            } else if !hasPoint {
                scale += 1
            }
        }
        if mark < rest.endIndex {
            var exponent = String(decoding: rest[rest.index(after: mark)...], as: UTF8.self)[...]
            if exponent.hasPrefix("+") { exponent.removeFirst() }
            guard let number = Int(exponent), (-400...400).contains(number) else {
                self = .unreadable
                return
            }
            scale += number
        }
        self = digits == 0 ? .exact(0) : isNegative ? .negative : Self.scaled(digits, by: scale)
    }

    private static func scaled(_ digits: Int128, by scale: Int) -> TokenPrice {
        var value = digits
        var steps = scale
        while steps > 0 {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            guard !overflow, product <= Int128(Int64.max) else { return .unreadable }
            value = product
            steps -= 1
        }
        var lost = false
        var half = false
        while steps < 0 {
            let (quotient, remainder) = value.quotientAndRemainder(dividingBy: 10)
            lost = lost || remainder != 0
            // Of the digits that go, the first one decides.
            half = remainder >= 5
            value = quotient
            steps += 1
        }
        guard let picos = Int64(exactly: value), picos < Int64.max else { return .unreadable }
        return lost ? .debris(nearest: half ? picos + 1 : picos) : .exact(picos)
    }
}
