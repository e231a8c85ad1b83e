/// Unescaping of strings that the scanner has accepted; on others it stays within bounds and yields something.
package enum JSONString {
    /// The text between two quotes.
    package static func text(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, hasEscapes: Bool) -> String {
        guard hasEscapes, let base = bytes.baseAddress,
            Bytes.first(UInt8(ascii: "\\"), base, range.lowerBound, range.upperBound) < range.upperBound
        else { return String(decoding: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self) }
        var unescaped: [UInt8] = []
        unescape(bytes, range, into: &unescaped)
        return String(decoding: unescaped, as: UTF8.self)
    }

    /// Whether the text between two quotes is `text`.
    package static func isEqual(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ text: StaticString) -> Bool {
        guard let base = bytes.baseAddress else { return false }
        if range.count == text.utf8CodeUnitCount { return Bytes.equal(base, range.lowerBound, range.upperBound, text) }
        // An escape is at most six bytes for one, and the text is short.
        guard range.count > text.utf8CodeUnitCount, range.count <= 6 * text.utf8CodeUnitCount else { return false }
        var unescaped: [UInt8] = []
        unescape(bytes, range, into: &unescaped)
        return unescaped.withUnsafeBytes { unescaped in
            unescaped.baseAddress.map { Bytes.equal($0, 0, unescaped.count, text) } ?? false
        }
    }

    /// Appends the UTF-8 of the text between two quotes.
    static func unescape(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, into result: inout [UInt8]) {
        result.reserveCapacity(result.count + range.count)
        var index = range.lowerBound
        while index < range.upperBound {
            let byte = bytes[index]
            guard byte == UInt8(ascii: "\\"), index + 1 < range.upperBound else {
                result.append(byte)
                index += 1
                continue
            }
            let escaped = bytes[index + 1]
            index += 2
            switch escaped {
            case UInt8(ascii: "b"): result.append(0x08)
            case UInt8(ascii: "f"): result.append(0x0C)
            case UInt8(ascii: "n"): result.append(0x0A)
            case UInt8(ascii: "r"): result.append(0x0D)
            case UInt8(ascii: "t"): result.append(0x09)
            case UInt8(ascii: "u"):
                guard let unit = hexadecimal(bytes, index, range.upperBound) else { continue }
                index += 4
                var scalar = UInt32(unit)
                if unit & 0xFC00 == 0xD800, index + 1 < range.upperBound, bytes[index] == UInt8(ascii: "\\"),
                    bytes[index + 1] == UInt8(ascii: "u"),
                    let low = hexadecimal(bytes, index + 2, range.upperBound), low & 0xFC00 == 0xDC00
                {
                    scalar = 0x10000 + (UInt32(unit & 0x3FF) << 10) + UInt32(low & 0x3FF)
                    index += 6
                }
                result.append(contentsOf: Array(String(Unicode.Scalar(scalar) ?? "\u{FFFD}").utf8))
            default: result.append(escaped)
            }
        }
    }

    /// Four hexadecimal digits at `index`, or nil.
    static func hexadecimal(_ bytes: UnsafeRawBufferPointer, _ index: Int, _ end: Int) -> UInt16? {
        guard end - index >= 4 else { return nil }
        var value: UInt16 = 0
        for offset in 0..<4 {
            let digit: UInt8
            switch bytes[index + offset] {
            case let byte where byte &- UInt8(ascii: "0") <= 9: digit = byte - UInt8(ascii: "0")
            case let byte where (byte | 0x20) &- UInt8(ascii: "a") <= 5: digit = (byte | 0x20) - UInt8(ascii: "a") + 10
            default: return nil
            }
            value = value << 4 | UInt16(digit)
        }
        return value
    }

    /// Appends `text` between quotes, escaped so that any text is valid JSON.
    package static func write(_ text: String, into result: inout [UInt8]) {
        let digits: StaticString = "0123456789abcdef"
        result.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                result.append(UInt8(ascii: "\\"))
                result.append(byte)
            case 0x0A: result.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "n")])
            case 0..<0x20, 0x7F:
                result.append(contentsOf: Array("\\u00".utf8))
                result.append(digits.utf8Start[Int(byte >> 4)])
                result.append(digits.utf8Start[Int(byte & 15)])
            default: result.append(byte)
            }
        }
        result.append(UInt8(ascii: "\""))
    }
}
