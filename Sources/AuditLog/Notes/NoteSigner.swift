import Crypto

/// Signs notes under one name.
package struct NoteSigner: Sendable, CustomStringConvertible {
    package let verifierKey: VerifierKey
    private let key: Curve25519.Signing.PrivateKey

    /// Nil unless the seed is 32 bytes and the name one. - Parameter seed: of Ed25519 (RFC 8032).
    package init?(name: String, seed: [UInt8]) {
        guard VerifierKey.isName(name), let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed) else {
            return nil
        }
        self.key = key
        verifierKey = VerifierKey(name: name, publicKey: Array(key.publicKey.rawRepresentation))
    }

    /// Nil unless the text can be a note's.
    package func sign(_ text: String) -> SignedNote? {
        guard SignedNote.isText(text), let signature = try? key.signature(for: Array(text.utf8)) else { return nil }
        return SignedNote(
            text: text,
            signatures: [.init(name: verifierKey.name, keyID: verifierKey.id, bytes: Array(signature))]
        )
    }

    package var description: String { "signer of \(verifierKey)" }
}
