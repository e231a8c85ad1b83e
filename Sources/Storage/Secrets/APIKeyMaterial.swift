package import Domain

/// One of our API keys in the clear; it exists while it is made and shown, and is never stored.
package struct APIKeyMaterial: Hashable, Sendable {
    package static let prefix = "sk-audit-"
    package static let randomLength = 32

    package let secret: String

    /// 32 characters of 62, each equally likely: 190 bits.
    package static func generate() -> APIKeyMaterial {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
        var text: [UInt8] = []
        while text.count < randomLength {
            // 248 = 4 × 62: the bytes above it would favour the first letters.
            for byte in SecureRandom.bytes(64) where byte < 248 && text.count < randomLength {
                text.append(alphabet[Int(byte) % 62])
            }
        }
        return APIKeyMaterial(unchecked: prefix + String(decoding: text, as: UTF8.self))
    }

    /// Nil unless the text is `^sk-audit-[A-Za-z0-9]{32}$`.
    package init?(parsing text: String) {
        guard text.utf8.count == Self.prefix.utf8.count + Self.randomLength, text.hasPrefix(Self.prefix),
            text.utf8.dropFirst(Self.prefix.utf8.count).allSatisfy(Self.isBase62)
        else { return nil }
        secret = text
    }

    private init(unchecked text: String) { secret = text }

    package static func == (left: APIKeyMaterial, right: APIKeyMaterial) -> Bool {
        ConstantTime.isEqual(left.secret.utf8, right.secret.utf8)
    }

    /// What may be shown of a key ever after: `sk-audit-AbCd`. 24 characters, 142 bits, stay unknown.
    package var displayPrefix: String { String(secret.prefix(Self.prefix.utf8.count + 4)) }
    package var lastFour: String { String(secret.suffix(4)) }

    package func digest(by digester: some KeyDigester) -> KeyDigest {
        Array(secret.utf8).withUnsafeBytes { digester.digest($0) }
    }

    private static func isBase62(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}

extension APIKeyMaterial: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "\(displayPrefix)…\(lastFour)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension KeyDigest {
    /// Big-endian, as the database keeps it.
    package var bytes: [UInt8] {
        [words.0, words.1, words.2, words.3].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) }
        }
    }

    /// Nil unless there are 32 bytes.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        var words: [UInt64] = [0, 0, 0, 0]
        for (index, byte) in bytes.enumerated() { words[index / 8] = words[index / 8] << 8 | UInt64(byte) }
        self.init((words[0], words[1], words[2], words[3]))
    }
}
