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
/// layers. A secret that does not open is an error, never its ciphertext. While the master key is being exchanged, what
/// is still sealed under the one before opens too.
package struct Vault: Sendable {
    private let master: MasterKey
    private let previous: MasterKey?

    /// - Parameter previous: opens, and never seals.
    package init(master: MasterKey, previous: MasterKey? = nil) {
        self.master = master
        self.previous = previous
    }

    package var masterKeyID: String { master.id }

    package func seal(_ secret: [UInt8], at place: SecretPlace) -> String {
        let dataKey = SymmetricKey(size: .bits256)
        let context = Array(place.description.utf8)
        do {
            let box = try AES.GCM.seal(secret, using: dataKey, authenticating: context)
            let parts = [try wrap(dataKey, context), Array(box.nonce), Array(box.ciphertext), Array(box.tag)]
            return Self.envelope(master, parts)
        } catch {
            // GCM refuses only keys, nonces and lengths that cannot occur here.
            preconditionFailure("sealing failed")
        }
    }

    private func wrap(_ dataKey: SymmetricKey, _ context: [UInt8]) throws -> [UInt8] {
        let wrapped = try dataKey.withUnsafeBytes { bytes in
            try AES.GCM.seal(bytes, using: master.key, authenticating: context)
        }
        return Array(wrapped.nonce) + Array(wrapped.ciphertext) + Array(wrapped.tag)
    }

    private static func envelope(_ master: MasterKey, _ parts: [[UInt8]]) -> String {
        "v1.\(master.id)." + parts.map(Base64URL.encode).joined(separator: ".")
    }

    /// - Throws: `SecretError.wrongMasterKey`, `.malformedEnvelope` or `.undecryptable`.
    package func open(_ envelope: String, at place: SecretPlace) throws(SecretError) -> [UInt8] {
        let sealed = try Sealed(envelope, at: place)
        return try secret(of: sealed, try dataKey(of: sealed, at: place), at: place)
    }

    private func secret(
        of sealed: Sealed,
        _ dataKey: SymmetricKey,
        at place: SecretPlace
    ) throws(SecretError) -> [UInt8] {
        do {
            let box = try AES.GCM.SealedBox(
                nonce: .init(data: sealed.nonce),
                ciphertext: sealed.ciphertext,
                tag: sealed.tag
            )
            return Array(try AES.GCM.open(box, using: dataKey, authenticating: Array(place.description.utf8)))
        } catch {
            throw .undecryptable(place: place.description)
        }
    }

    /// The same secret with its data key wrapped under the master key of now; the secret itself is not touched.
    /// - Returns: nil where it is already. - Throws: as ``open(_:at:)``, for a secret that does not open whole.
    package func rewrap(_ envelope: String, at place: SecretPlace) throws(SecretError) -> String? {
        let sealed = try Sealed(envelope, at: place)
        let dataKey = try dataKey(of: sealed, at: place)
        _ = try secret(of: sealed, dataKey, at: place)
        if sealed.keyID == master.id { return nil }
        guard let wrapped = try? wrap(dataKey, Array(place.description.utf8)) else {
            throw .undecryptable(place: place.description)
        }
        return Self.envelope(master, [wrapped, sealed.nonce, sealed.ciphertext, sealed.tag])
    }

    private func dataKey(of sealed: Sealed, at place: SecretPlace) throws(SecretError) -> SymmetricKey {
        guard let key = [master, previous].compactMap(\.self).first(where: { $0.id == sealed.keyID }) else {
            throw .wrongMasterKey(sealedUnder: sealed.keyID, have: master.id)
        }
        do {
            let box = try AES.GCM.SealedBox(combined: sealed.wrapped)
            return SymmetricKey(
                data: try AES.GCM.open(box, using: key.key, authenticating: Array(place.description.utf8))
            )
        } catch {
            throw .undecryptable(place: place.description)
        }
    }

    /// The parts of an envelope.
    private struct Sealed {
        let keyID: String
        let wrapped: [UInt8]
        let nonce: [UInt8]
        let ciphertext: [UInt8]
        let tag: [UInt8]

        init(_ envelope: String, at place: SecretPlace) throws(SecretError) {
            let parts = envelope.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 6, parts[0] == "v1",
                let wrapped = Base64URL.decode(parts[2].utf8), wrapped.count == 60,
                let nonce = Base64URL.decode(parts[3].utf8), nonce.count == 12,
                let ciphertext = Base64URL.decode(parts[4].utf8),
                let tag = Base64URL.decode(parts[5].utf8), tag.count == 16
            else { throw .malformedEnvelope(place: place.description) }
            keyID = String(parts[1])
            self.wrapped = wrapped
            self.nonce = nonce
            self.ciphertext = ciphertext
            self.tag = tag
        }
    }

    /// The key a sealed secret names, whatever master key is at hand; nil if it is no sealed secret.
    package static func masterKeyID(of envelope: String) -> String? {
        let parts = envelope.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 6 && parts[0] == "v1" ? String(parts[1]) : nil
    }
}
