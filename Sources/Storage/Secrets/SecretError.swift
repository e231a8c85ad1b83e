/// Why a secret could not be used. Descriptions name files, places and key ids, never any part of a secret.
package enum SecretError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The master key file is neither 64 hex digits, nor 44 base64 characters, nor 32 raw bytes.
    case malformedMasterKey(path: String)
    /// One byte repeated: a placeholder, not a key.
    case weakMasterKey(path: String)
    case masterKeyMissing(path: String)
    /// The operating system refused; `code` is its errno.
    case masterKeyUnreadable(path: String, code: Int32)
    /// Sealed under another master key than the one at hand.
    case wrongMasterKey(sealedUnder: String, have: String)
    /// Not in a form this build knows.
    case malformedEnvelope(place: String)
    /// Changed, moved to another row, or damaged: authentication failed.
    case undecryptable(place: String)

    package var description: String {
        switch self {
        case .malformedMasterKey(let path):
            "\(path): a master key is 64 hexadecimal digits, 44 base64 characters or 32 raw bytes"
        case .weakMasterKey(let path): "\(path): the master key is a placeholder; make one with `openssl rand -hex 32`"
        case .masterKeyMissing(let path):
            "\(path): no such master key file, and secrets are already sealed under a master key"
        case .masterKeyUnreadable(let path, let code): "\(path): cannot be read or written (errno \(code))"
        case .wrongMasterKey(let sealedUnder, let have):
            "secrets are sealed under master key \(sealedUnder), the configured one is \(have)"
        case .malformedEnvelope(let place): "\(place): not a sealed secret"
        case .undecryptable(let place): "\(place): the sealed secret does not open; it was changed, moved or damaged"
        }
    }
}
