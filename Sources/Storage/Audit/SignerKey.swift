package import AuditLog

/// What checkpoints are signed with: the private key of Ed25519 (RFC 8032), which is any 32 random bytes.
package struct SignerKey: StoredSecret {
    static let name = "audit_key"

    package let version: Int64
    let bytes: [UInt8]

    init(version: Int64, checked bytes: [UInt8]) {
        self.version = version
        self.bytes = bytes
    }

    /// Signs for the log of this origin, whose name is the key's too.
    package func signer(for origin: String) -> NoteSigner? { NoteSigner(name: origin, seed: bytes) }
}
