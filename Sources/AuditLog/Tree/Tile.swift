/// A piece of the tree as it is stored: up to 256 neighbouring nodes of one row (C2SP tlog-tiles). Level n holds the roots
/// of perfect subtrees of 256ⁿ leaves.
package struct Tile: Hashable, Sendable {
    /// Rows of the tree from one level to the next.
    static let height = 8
    package static let width = 256
    /// Levels that a tree of Int64 leaves can have.
    static let levels = 8

    package let level: Int
    package let index: UInt64

    package init(level: Int, index: UInt64) {
        self.level = level
        self.index = index
    }

    package static func bytes(of hashes: [TreeHash]) -> [UInt8] { hashes.flatMap(\.bytes) }

    /// Nil unless there are one to 256 whole hashes.
    package static func hashes(of bytes: [UInt8]) -> [TreeHash]? {
        guard !bytes.isEmpty, bytes.count % TreeHash.byteCount == 0, bytes.count <= width * TreeHash.byteCount else {
            return nil
        }
        return stride(from: 0, to: bytes.count, by: TreeHash.byteCount).compactMap {
            TreeHash(bytes[$0..<($0 + TreeHash.byteCount)])
        }
    }

    /// How many tiles a level of a tree has, the last perhaps not full.
    package static func count(level: Int, size: UInt64) -> UInt64 {
        guard level < levels else { return 0 }
        let nodes = size >> UInt64(level * height)
        return nodes >> 8 + (nodes & 255 == 0 ? 0 : 1)
    }
}
