/// 32 random bytes that the database keeps sealed, with a version; made once, never derived from anything.
protocol StoredSecret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Of its rows in `secrets`.
    static var name: String { get }

    var version: Int64 { get }
    var bytes: [UInt8] { get }

    init(version: Int64, checked bytes: [UInt8])
}

extension StoredSecret {
    /// Nil unless there are 32 bytes that differ: an empty or placeholder secret is none.
    package init?(version: Int64, bytes: [UInt8]) {
        guard bytes.count == 32, bytes.contains(where: { $0 != bytes[0] }) else { return nil }
        self.init(version: version, checked: bytes)
    }

    static func random(version: Int64) -> Self {
        guard let secret = Self(version: version, bytes: SecureRandom.bytes(32)) else {
            preconditionFailure("32 equal random bytes")
        }
        return secret
    }

    static func place(version: Int64) -> SecretPlace {
        SecretPlace(table: "secrets", row: name, column: "value", version: version)
    }

    package var description: String { "\(Self.name) \(version)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// What access tokens are signed with: the private key of Ed25519 (RFC 8032), which is any 32 random bytes.
package struct SessionKey: StoredSecret {
    static let name = "session_key"

    package let version: Int64
    package let bytes: [UInt8]

    init(version: Int64, checked bytes: [UInt8]) {
        self.version = version
        self.bytes = bytes
    }
}
