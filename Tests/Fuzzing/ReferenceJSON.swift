/// RFC 8259 by the letter, one function a rule: what the scanner must agree with. Slow, recursive, only for tests.
package indirect enum ReferenceJSON: Equatable {
    case object([Member])
    case array([ReferenceJSON])
    case string([UInt32])
    case number(ArraySlice<UInt8>)
    case bool(Bool)
    case null

    package struct Member: Equatable {
        package let name: [UInt32]
        package let value: ReferenceJSON
        /// The value as it stands in the bytes.
        package let range: Range<Int>

        package static func == (left: Member, right: Member) -> Bool {
            left.name == right.name && left.value == right.value
        }
    }

    /// What the grammar allows and the scanner refuses all the same.
    package struct Excesses: OptionSet, Sendable {
        package let rawValue: Int

        package init(rawValue: Int) { self.rawValue = rawValue }

        package static let depth = Excesses(rawValue: 1)
        package static let nul = Excesses(rawValue: 2)
        package static let loneSurrogate = Excesses(rawValue: 4)
        package static let duplicateName = Excesses(rawValue: 8)
        /// No `Double` holds it, or only as zero.
        package static let number = Excesses(rawValue: 16)
        package static let memberCount = Excesses(rawValue: 32)
        /// So long or so near the edge that the scanner, which counts digits, may refuse it.
        package static let oddNumber = Excesses(rawValue: 64)
    }

    /// Nil for what is not JSON.
    package static func parse(_ bytes: [UInt8]) -> (value: ReferenceJSON, excesses: Excesses)? {
        guard String(validating: bytes, as: UTF8.self) != nil else { return nil }
        var reader = Reader(bytes: bytes)
        reader.skipSpace()
        guard let value = reader.value(depth: 0) else { return nil }
        reader.skipSpace()
        return reader.index == bytes.count ? (value, reader.excesses) : nil
    }

    package subscript(name: String) -> Member? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name.unicodeScalars.map(\.value) }
    }

    /// Of a number written without fraction and exponent.
    package var integer: Int64? {
        guard case .number(let digits) = self else { return nil }
        return Int64(String(decoding: digits, as: UTF8.self))
    }

    package var bool: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    package var string: String? {
        guard case .string(let scalars) = self else { return nil }
        return String(String.UnicodeScalarView(scalars.compactMap(Unicode.Scalar.init)))
    }
}

private struct Reader {
    let bytes: [UInt8]
    var index = 0
    var excesses: ReferenceJSON.Excesses = []

    init(bytes: [UInt8]) { self.bytes = bytes }

    private var byte: UInt8? { index < bytes.count ? bytes[index] : nil }

    mutating func skipSpace() { while let byte, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { index += 1 } }

    private mutating func take(_ text: String) -> Bool {
        guard bytes[index...].starts(with: text.utf8) else { return false }
        index += text.utf8.count
        return true
    }

    mutating func value(depth: Int) -> ReferenceJSON? {
        // Deeper than anything the scanner bears; the stack has an end.
        guard depth < 600 else { return nil }
        switch byte {
        case UInt8(ascii: "{"): return object(depth: depth + 1)
        case UInt8(ascii: "["): return array(depth: depth + 1)
        case UInt8(ascii: "\""): return string().map(ReferenceJSON.string)
        case UInt8(ascii: "t"): return take("true") ? .bool(true) : nil
        case UInt8(ascii: "f"): return take("false") ? .bool(false) : nil
        case UInt8(ascii: "n"): return take("null") ? .null : nil
        default: return number()
        }
    }

    private mutating func object(depth: Int) -> ReferenceJSON? {
        if depth > 128 { excesses.insert(.depth) }
        index += 1
        var members: [ReferenceJSON.Member] = []
        var names: Set<[UInt32]> = []
        skipSpace()
        if take("}") { return .object([]) }
        repeat {
            skipSpace()
            guard byte == UInt8(ascii: "\""), let name = string() else { return nil }
            skipSpace()
            guard take(":") else { return nil }
            skipSpace()
            let start = index
            guard let value = value(depth: depth) else { return nil }
            if !names.insert(name).inserted { excesses.insert(.duplicateName) }
            members.append(.init(name: name, value: value, range: start..<index))
            skipSpace()
        } while take(",")
        if members.count > 10_000 { excesses.insert(.memberCount) }
        return take("}") ? .object(members) : nil
    }

    private mutating func array(depth: Int) -> ReferenceJSON? {
        if depth > 128 { excesses.insert(.depth) }
        index += 1
        var elements: [ReferenceJSON] = []
        skipSpace()
        if take("]") { return .array([]) }
        repeat {
            skipSpace()
            guard let value = value(depth: depth) else { return nil }
            elements.append(value)
            skipSpace()
        } while take(",")
        return take("]") ? .array(elements) : nil
    }

    private mutating func string() -> [UInt32]? {
        index += 1
        var scalars: [UInt32] = []
        var plain: [UInt8] = []
        func flush() {
            scalars += String(decoding: plain, as: UTF8.self).unicodeScalars.map(\.value)
            plain = []
        }
        while let byte, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { return nil }
            index += 1
            guard byte == UInt8(ascii: "\\") else {
                plain.append(byte)
                continue
            }
            flush()
            guard let escape = self.byte else { return nil }
            index += 1
            switch escape {
            case UInt8(ascii: "u"):
                guard let unit = unit() else { return nil }
                scalars.append(scalar(unit))
            case UInt8(ascii: "b"): scalars.append(8)
            case UInt8(ascii: "f"): scalars.append(12)
            case UInt8(ascii: "n"): scalars.append(10)
            case UInt8(ascii: "r"): scalars.append(13)
            case UInt8(ascii: "t"): scalars.append(9)
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): scalars.append(UInt32(escape))
            default: return nil
            }
        }
        flush()
        return take("\"") ? scalars : nil
    }

    private mutating func scalar(_ unit: UInt32) -> UInt32 {
        if unit == 0 { excesses.insert(.nul) }
        guard (0xD800...0xDFFF).contains(unit) else { return unit }
        let after = index
        if unit < 0xDC00, take("\\u"), let low = self.unit(), (0xDC00...0xDFFF).contains(low) {
            return 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
        }
        index = after
        excesses.insert(.loneSurrogate)
        return unit
    }

    private mutating func unit() -> UInt32? {
        let digits = bytes[index...].prefix(4)
        guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else { return nil }
        index += 4
        return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    }

    private mutating func number() -> ReferenceJSON? {
        let start = index
        _ = take("-")
        let whole = digits()
        guard !whole.isEmpty, whole.count == 1 || whole.first != UInt8(ascii: "0") else { return nil }
        if take("."), digits().isEmpty { return nil }
        if take("e") || take("E") {
            _ = take("+") || take("-")
            if digits().isEmpty { return nil }
        }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        let mantissa = text.prefix { $0 != "e" && $0 != "E" }
        let isZero = !mantissa.contains { ("1"..."9").contains($0) }
        let value = Double(text) ?? .infinity
        if !value.isFinite || (value == 0 && !isZero) { excesses.insert(.number) }
        let exponent = text.drop { $0 != "e" && $0 != "E" }.dropFirst()
        if text.utf8.count > 100 || exponent.utf8.count > 4 || (Int(exponent)?.magnitude ?? 0) > 200 {
            excesses.insert(.oddNumber)
        }
        return .number(bytes[start..<index])
    }

    private mutating func digits() -> ArraySlice<UInt8> {
        let start = index
        while let byte, byte >= 0x30, byte <= 0x39 { index += 1 }
        return bytes[start..<index]
    }
}
