import Crypto

/// Who signs, as everybody may know it: `name+id+key` (C2SP signed-note, Ed25519).
package struct VerifierKey: Hashable, Sendable, CustomStringConvertible {
    /// Ed25519, of the types that the specification numbers.
    private static let type: UInt8 = 1
    private static let longest = 512

    package let name: String
    let id: [UInt8]
    private let publicKey: [UInt8]

    init(name: String, publicKey: [UInt8]) {
        self.name = name
        self.publicKey = publicKey
        id = Array(SHA256.hash(data: Array(name.utf8) + [0x0A, Self.type] + publicKey).prefix(4))
    }

    /// Nil unless it is a whole key of this type whose id is its own.
    package init?(parsing text: some StringProtocol) {
        guard text.utf8.count <= Self.longest else { return nil }
        // The key's own base64 may hold a plus too.
        let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, Self.isName(parts[0]), let bytes = Base64.decode(parts[2]), bytes.count == 33,
            bytes[0] == Self.type
        else { return nil }
        self.init(name: String(parts[0]), publicKey: Array(bytes[1...]))
        guard Self.hex(id) == parts[1] else { return nil }
    }

    package var description: String { "\(name)+\(Self.hex(id))+\(Base64.encode([Self.type] + publicKey))" }

    func isValid(_ signature: [UInt8], of text: String) -> Bool {
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey) else { return false }
        return key.isValidSignature(signature, for: Array(text.utf8))
    }

    /// What the specification takes for a name.
    static func isName(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text.unicodeScalars.allSatisfy { $0 != "+" && $0.value >= 0x20 && !$0.properties.isWhitespace }
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}

extension VerifierKey {
    /// The same key under another log's name.
    package func named(_ name: String) -> VerifierKey { VerifierKey(name: name, publicKey: publicKey) }
}
