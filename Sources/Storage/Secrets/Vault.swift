import Crypto
import Domain

/// Where a sealed secret stands; sealed in with it, so that it opens nowhere else.
package struct SecretPlace: Hashable, Sendable, CustomStringConvertible {
    package let table: String
    package let row: String
    package let column: String
    package let version: Int64

    package init(table: String, row: String, column: String, version: Int64) {
        self.table = table
        self.row = row
        self.column = column
        self.version = version
    }

    package var description: String { "\(table)|\(row)|\(column)|\(version)" }
}

/// Seals and opens secrets under the master key: AES-256-GCM with a random data key for each secret.
///
/// Format: `v1.keyID.wrappedDataKey.nonce.ciphertext.tag`, each part base64url. The place is authenticated with both
/// layers. A secret that does not open is an error, never its ciphertext.
package struct Vault: Sendable {
    private let master: MasterKey

    package init(master: MasterKey) { self.master = master }

    package var masterKeyID: String { master.id }

    package func seal(_ secret: [UInt8], at place: SecretPlace) -> String {
        let dataKey = SymmetricKey(size: .bits256)
        let context = Array(place.description.utf8)
        do {
            let wrapped = try dataKey.withUnsafeBytes { bytes in
                try AES.GCM.seal(bytes, using: master.key, authenticating: context)
            }
            let box = try AES.GCM.seal(secret, using: dataKey, authenticating: context)
            let wrappedBytes = Array(wrapped.nonce) + Array(wrapped.ciphertext) + Array(wrapped.tag)
            let parts = [wrappedBytes, Array(box.nonce), Array(box.ciphertext), Array(box.tag)]
            return "v1.\(master.id)." + parts.map(Base64URL.encode).joined(separator: ".")
        } catch {
            // GCM refuses only keys, nonces and lengths that cannot occur here.
            preconditionFailure("sealing failed")
        }
    }

    /// - Throws: `SecretError.wrongMasterKey`, `.malformedEnvelope` or `.undecryptable`.
    package func open(_ envelope: String, at place: SecretPlace) throws(SecretError) -> [UInt8] {
        let parts = envelope.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "v1",
            let wrapped = Base64URL.decode(parts[2].utf8), wrapped.count == 60,
            let nonce = Base64URL.decode(parts[3].utf8), nonce.count == 12,
            let ciphertext = Base64URL.decode(parts[4].utf8),
            let tag = Base64URL.decode(parts[5].utf8), tag.count == 16
        else { throw .malformedEnvelope(place: place.description) }
        guard parts[1] == master.id else { throw .wrongMasterKey(sealedUnder: String(parts[1]), have: master.id) }
        let context = Array(place.description.utf8)
        do {
            let wrappedBox = try AES.GCM.SealedBox(combined: wrapped)
            let dataKey = SymmetricKey(data: try AES.GCM.open(wrappedBox, using: master.key, authenticating: context))
            let box = try AES.GCM.SealedBox(nonce: .init(data: nonce), ciphertext: ciphertext, tag: tag)
            return Array(try AES.GCM.open(box, using: dataKey, authenticating: context))
        } catch {
            throw .undecryptable(place: place.description)
        }
    }

    /// The key a sealed secret names, whatever master key is at hand; nil if it is no sealed secret.
    package static func masterKeyID(of envelope: String) -> String? {
        let parts = envelope.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 6 && parts[0] == "v1" ? String(parts[1]) : nil
    }
}
