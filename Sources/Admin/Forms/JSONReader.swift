/// A value of a request's body.
enum JSONItem: Hashable, Sendable {
    case null
    case bool(Bool)
    /// As it was written: what it means is its reader's to say, exactly.
    case number(String)
    case string(String)
    case array([JSONItem])
    case object([String: JSONItem])
}

extension JSONItem {
    /// As JSON, members in the order of their names.
    var text: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let text): text
        case .string(let text): Self.quoted(text)
        case .array(let items): "[" + items.map(\.text).joined(separator: ",") + "]"
        case .object(let members):
            "{"
                + members.sorted { $0.key < $1.key }.map { "\(Self.quoted($0.key)):\($0.value.text)" }
                .joined(separator: ",") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

/// Reads JSON as RFC 8259 says and no more leniently: a member given twice, text that is no UTF-8, half a surrogate pair,
/// a comma too many are errors. Foundation's decoders each take one of two equal members in silence.
struct JSONReader {
    /// What is wrong, for the client; never what was sent.
    struct Problem: Error, Hashable {
        let reason: String
    }

    private static let deepest = 16

    private let bytes: [UInt8]
    private var position = 0

    static func read(_ bytes: [UInt8]) throws(Problem) -> JSONItem {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw Problem(reason: "it is not UTF-8") }
        var reader = JSONReader(bytes: bytes)
        let item = try reader.item(depth: 0)
        reader.skipSpace()
        guard reader.position == bytes.count else { throw reader.unexpected() }
        return item
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private var byte: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func unexpected() -> Problem {
        Problem(reason: position < bytes.count ? "byte \(position) is unexpected" : "it ends too early")
    }

    private mutating func skipSpace() {
        while let byte, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard byte == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func take(word: StaticString) -> Bool {
        let matches = word.withUTF8Buffer { bytes[position...].starts(with: $0) }
        if matches { position += word.utf8CodeUnitCount }
        return matches
    }

    private mutating func item(depth: Int) throws(Problem) -> JSONItem {
        guard depth < Self.deepest else { throw Problem(reason: "it is nested too deep") }
        skipSpace()
        switch byte {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t") where take(word: "true"): return .bool(true)
        case UInt8(ascii: "f") where take(word: "false"): return .bool(false)
        case UInt8(ascii: "n") where take(word: "null"): return .null
        default: return .number(try number())
        }
    }

    private mutating func object(depth: Int) throws(Problem) -> JSONItem {
        position += 1
        var members: [String: JSONItem] = [:]
        skipSpace()
        if take("}") { return .object(members) }
        repeat {
            skipSpace()
            guard byte == UInt8(ascii: "\"") else { throw unexpected() }
            let name = try string()
            skipSpace()
            guard take(":") else { throw unexpected() }
            guard members[name] == nil else { throw Problem(reason: "a member is given twice") }
            members[name] = try item(depth: depth + 1)
            skipSpace()
        } while take(",")
        guard take("}") else { throw unexpected() }
        return .object(members)
    }

    private mutating func array(depth: Int) throws(Problem) -> JSONItem {
        position += 1
        var items: [JSONItem] = []
        skipSpace()
        if take("]") { return .array(items) }
        repeat {
            items.append(try item(depth: depth + 1))
            skipSpace()
        } while take(",")
        guard take("]") else { throw unexpected() }
        return .array(items)
    }

    private mutating func number() throws(Problem) -> String {
        let start = position
        _ = take("-")
        if !take("0") { try digits() }
        if take(".") { try digits() }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            try digits()
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func digits() throws(Problem) {
        let start = position
        while let byte, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        guard position > start else { throw unexpected() }
    }

    private mutating func string() throws(Problem) -> String {
        position += 1
        var text: [UInt8] = []
        while let byte, byte >= 0x20 {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): text += String(try escape()).utf8
            default: text.append(byte)
            }
        }
        throw unexpected()
    }

    private mutating func escape() throws(Problem) -> Unicode.Scalar {
        guard let byte else { throw unexpected() }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            let unit = try codeUnit()
            if let scalar = Unicode.Scalar(UInt32(unit)) { return scalar }
            guard (0xD800...0xDBFF).contains(unit), take("\\"), take("u") else { throw Self.halfPair }
            let second = try codeUnit()
            guard (0xDC00...0xDFFF).contains(second),
                let scalar = Unicode.Scalar(0x10000 + (UInt32(unit) - 0xD800) << 10 + UInt32(second) - 0xDC00)
            else { throw Self.halfPair }
            return scalar
        default:
            position -= 1
            throw unexpected()
        }
    }

    private static let halfPair = Problem(reason: "it has half a surrogate pair")

    private mutating func codeUnit() throws(Problem) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { throw unexpected() }
            position += 1
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }
}
