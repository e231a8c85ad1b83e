/// The least of a tree that its root and its growth need: the perfect subtrees it is made of, the largest first.
package struct CompactRange: Hashable, Sendable {
    package private(set) var size: UInt64 = 0
    private var subtrees: [TreeHash] = []

    package init() {}

    /// Of a tree that is there already. - Parameter node: the perfect subtree of 2^height leaves at this place of its row.
    package init<Failure: Error>(
        size: UInt64,
        node: (_ height: Int, _ index: UInt64) throws(Failure) -> TreeHash
    ) throws(Failure) {
        self.size = size
        for height in stride(from: 63, through: 0, by: -1) where size >> UInt64(height) & 1 == 1 {
            subtrees.append(try node(height, (size >> UInt64(height)) - 1))
        }
    }

    package var root: TreeHash {
        guard var root = subtrees.last else { return .empty }
        for left in subtrees.dropLast().reversed() { root = .node(left, root) }
        return root
    }

    /// Adds a leaf. - Parameter completed: each perfect subtree that it completes, itself at height 0 first.
    package mutating func append(
        _ leaf: TreeHash,
        completed: (_ height: Int, _ index: UInt64, _ hash: TreeHash) -> Void = { _, _, _ in }
    ) {
        var (hash, index, height) = (leaf, size, 0)
        completed(height, index, hash)
        while index & 1 == 1, let left = subtrees.popLast() {
            hash = .node(left, hash)
            index >>= 1
            height += 1
            completed(height, index, hash)
        }
        subtrees.append(hash)
        size += 1
    }
}
