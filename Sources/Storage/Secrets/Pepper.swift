import Crypto
package import Domain

/// The secret that API keys are digested under: 32 random bytes, stored only sealed, with a version.
package struct Pepper: StoredSecret {
    static let name = "api_key_pepper"

    package let version: Int64
    let bytes: [UInt8]

    init(version: Int64, checked bytes: [UInt8]) {
        self.version = version
        self.bytes = bytes
    }
}

/// HMAC-SHA256 under a pepper. The two blocks that depend only on the pepper are hashed once, ahead.
package struct PepperedDigester: KeyDigester {
    package let pepperVersion: Int64
    private let inner: SHA256
    private let outer: SHA256

    package init(_ pepper: Pepper) {
        pepperVersion = pepper.version
        inner = Self.primed(pepper.bytes, with: 0x36)
        outer = Self.primed(pepper.bytes, with: 0x5C)
    }

    /// Bounded work for any real key; linear in the length of what is presented, which the header limits bound.
    package func digest(_ key: UnsafeRawBufferPointer) -> KeyDigest {
        var hash = inner
        hash.update(bufferPointer: key)
        let innerDigest = hash.finalize()
        var last = outer
        innerDigest.withUnsafeBytes { last.update(bufferPointer: $0) }
        return last.finalize().withUnsafeBytes { bytes in
            KeyDigest(
                (
                    bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self).bigEndian,
                    bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self).bigEndian,
                    bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self).bigEndian,
                    bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self).bigEndian
                )
            )
        }
    }

    /// RFC 2104: the key, padded to a block of 64 bytes, xored with a constant.
    private static func primed(_ key: [UInt8], with pad: UInt8) -> SHA256 {
        var block = [UInt8](repeating: pad, count: 64)
        for (index, byte) in key.enumerated() { block[index] ^= byte }
        var hash = SHA256()
        hash.update(data: block)
        return hash
    }
}
