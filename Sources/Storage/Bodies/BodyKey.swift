import Crypto
import Domain

/// What the bodies of one day are sealed with: AES-256-GCM, a nonce for each. Its version is the day's number since 1970.
struct BodyKey: StoredSecret {
    static let name = "body_key"

    let version: Int64
    let bytes: [UInt8]

    init(version: Int64, checked bytes: [UInt8]) {
        self.version = version
        self.bytes = bytes
    }

    static func day(of instant: Instant) -> Int64 { max(1, instant.microseconds / 86_400_000_000) }

    private var key: SymmetricKey { SymmetricKey(data: bytes) }

    /// Nonce, ciphertext, tag.
    func seal(_ body: [UInt8], at place: SecretPlace) -> [UInt8] {
        let box = try? AES.GCM.seal(body, using: key, authenticating: Array(place.description.utf8))
        // GCM refuses only keys, nonces and lengths that cannot occur here; with twelve bytes of nonce there is a combined form.
        guard let sealed = box?.combined else { preconditionFailure("sealing failed") }
        return Array(sealed)
    }

    /// - Throws: `.undecryptable` for what was changed, moved or sealed under another key.
    func open(_ sealed: [UInt8], at place: SecretPlace) throws(SecretError) -> [UInt8] {
        do {
            let box = try AES.GCM.SealedBox(combined: sealed)
            return Array(try AES.GCM.open(box, using: key, authenticating: Array(place.description.utf8)))
        } catch {
            throw .undecryptable(place: place.description)
        }
    }
}
