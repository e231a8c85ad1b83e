import Crypto

/// A node of the tree: 32 bytes of SHA-256, leaves and inner nodes told apart by their first byte (RFC 6962 §2.1).
package struct TreeHash: Hashable, Sendable {
    package static let byteCount = 32
    /// Of a tree without leaves.
    package static let empty = TreeHash(SHA256().finalize())

    private let words: SIMD4<UInt64>

    /// Nil unless there are 32 bytes.
    package init?(_ bytes: ArraySlice<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        words = bytes.withUnsafeBytes { $0.loadUnaligned(as: SIMD4<UInt64>.self) }
    }

    private init(_ digest: SHA256Digest) {
        words = digest.withUnsafeBytes { $0.loadUnaligned(as: SIMD4<UInt64>.self) }
    }

    package var bytes: [UInt8] { withUnsafeBytes(of: words) { Array($0) } }

    /// Of a leaf that testifies `data`.
    package static func leaf(_ data: some Sequence<UInt8>) -> TreeHash {
        TreeHash(SHA256.hash(data: [0] + data))
    }

    static func node(_ left: TreeHash, _ right: TreeHash) -> TreeHash {
        withUnsafeTemporaryAllocation(byteCount: 1 + 2 * byteCount, alignment: 1) { buffer in
            buffer[0] = 1
            buffer.storeBytes(of: left.words, toByteOffset: 1, as: SIMD4<UInt64>.self)
            buffer.storeBytes(of: right.words, toByteOffset: 1 + byteCount, as: SIMD4<UInt64>.self)
            var hash = SHA256()
            hash.update(bufferPointer: UnsafeRawBufferPointer(buffer))
            return TreeHash(hash.finalize())
        }
    }
}

extension TreeHash: CustomStringConvertible {
    /// As checkpoints print it.
    package var description: String { Base64.encode(bytes) }
}
