import Crypto
import Domain

/// The key that wraps every other key; it lives in a file, never in the database.
package struct MasterKey: Sendable {
    let key: SymmetricKey
    /// Names the key in envelopes without telling anything of it: 48 bits of an HMAC under it.
    package let id: String

    /// - Parameter bytes: exactly 32.
    init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        key = SymmetricKey(data: bytes)
        let code = HMAC<SHA256>.authenticationCode(for: Array("tokenaudit master key id".utf8), using: key)
        id = Base64URL.encode(Array(code.prefix(6)))
    }

    package static func random() -> MasterKey {
        guard let key = MasterKey(bytes: SecureRandom.bytes(32)) else { preconditionFailure("32 bytes make a key") }
        return key
    }

    /// Reads the contents of a key file: 64 hex digits, 44 base64 characters or 32 raw bytes, one trailing line end
    /// ignored where the rest is one of these.
    /// - Throws: `SecretError.malformedMasterKey`, or `.weakMasterKey` for one byte repeated.
    package static func parse(_ contents: [UInt8], path: String) throws(SecretError) -> MasterKey {
        guard let bytes = decode(contents), let key = MasterKey(bytes: bytes) else {
            throw .malformedMasterKey(path: path)
        }
        guard bytes.contains(where: { $0 != bytes[0] }) else { throw .weakMasterKey(path: path) }
        return key
    }

    private static func decode(_ contents: [UInt8]) -> [UInt8]? {
        // A raw key may itself end in a line end; only its length tells.
        if contents.count == 32 { return contents }
        var text = contents[...]
        if text.last == UInt8(ascii: "\n") { text = text.dropLast() }
        if text.last == UInt8(ascii: "\r") { text = text.dropLast() }
        switch text.count {
        case 32: return Array(text)
        case 44: return standardBase64(text)
        case 64: return hex(text)
        default: return nil
        }
    }

    /// RFC 4648 §4 or §5: 44 characters with one `=`.
    private static func standardBase64(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard text.last == UInt8(ascii: "=") else { return nil }
        return Base64URL.decode(
            text.dropLast().lazy.map { character -> UInt8 in
                switch character {
                case UInt8(ascii: "+"): UInt8(ascii: "-")
                case UInt8(ascii: "/"): UInt8(ascii: "_")
                default: character
                }
            }
        )
    }

    private static func hex(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var high: UInt8?
        for digit in text {
            let nibble: UInt8
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): nibble = digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): nibble = digit - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): nibble = digit - UInt8(ascii: "A") + 10
            default: return nil
            }
            if let first = high {
                bytes.append(first << 4 | nibble)
                high = nil
            } else {
                high = nibble
            }
        }
        return high == nil ? bytes : nil
    }
}

extension MasterKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "master key \(id)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// The operating system's random bytes.
enum SecureRandom {
    static func bytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }
}
