package enum JSONKind: UInt8, Sendable {
    case object
    case array
    case string
    case number
    case bool
    case null
}

/// One member of an object, or one element of an array (then without a name), as ranges of the scanned bytes.
package struct JSONMember: Hashable, Sendable {
    /// Between the quotes, as written.
    package var name: Range<Int>
    package var nameHasEscapes: Bool
    /// Where the member begins: its opening quote, or the element itself.
    package var start: Int
    package var value: Range<Int>
    package var kind: JSONKind

    /// Whether the name, unescaped, is `text`.
    package func isNamed(_ text: StaticString, in bytes: UnsafeRawBufferPointer) -> Bool {
        guard let base = bytes.baseAddress else { return false }
        if !nameHasEscapes { return Bytes.equal(base, name.lowerBound, name.upperBound, text) }
        return JSONString.isEqual(bytes, name, text)
    }

    /// The name, unescaped.
    package func nameText(in bytes: UnsafeRawBufferPointer) -> String {
        JSONString.text(bytes, name, hasEscapes: nameHasEscapes)
    }

    /// A string value, unescaped; nil for other kinds.
    package func text(in bytes: UnsafeRawBufferPointer) -> String? {
        guard kind == .string else { return nil }
        return JSONString.text(bytes, value.lowerBound + 1..<value.upperBound - 1, hasEscapes: true)
    }

    /// Whether the value is the string `text`.
    package func isString(_ text: StaticString, in bytes: UnsafeRawBufferPointer) -> Bool {
        kind == .string && JSONString.isEqual(bytes, value.lowerBound + 1..<value.upperBound - 1, text)
    }

    /// Whether the value is `true`; nil for other kinds than booleans.
    package func bool(in bytes: UnsafeRawBufferPointer) -> Bool? {
        kind == .bool ? bytes[value.lowerBound] == UInt8(ascii: "t") : nil
    }

    /// A plain integer; nil for anything else, fractions and exponents included.
    package func integer(in bytes: UnsafeRawBufferPointer) -> Int64? {
        kind == .number ? JSONInteger.parse(bytes, value) : nil
    }
}

/// Numbers that must be exact.
package enum JSONInteger {
    /// `-?(0|[1-9][0-9]*)` within `Int64`; nil for everything else.
    package static func parse(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int64? {
        var index = range.lowerBound
        guard index < range.upperBound else { return nil }
        let isNegative = bytes[index] == UInt8(ascii: "-")
        if isNegative { index += 1 }
        guard index < range.upperBound else { return nil }
        if bytes[index] == UInt8(ascii: "0"), range.upperBound - index > 1 { return nil }
        var value: Int64 = 0
        while index < range.upperBound {
            let digit = bytes[index] &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            let (tenfold, overflowed) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflowedToo) =
                isNegative
                ? tenfold.subtractingReportingOverflow(Int64(digit)) : tenfold.addingReportingOverflow(Int64(digit))
            guard !overflowed, !overflowedToo else { return nil }
            value = sum
            index += 1
        }
        return value
    }
}
