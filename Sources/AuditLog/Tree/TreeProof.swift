/// Proofs that a leaf is in a tree, and that one tree is the beginning of another (RFC 6962 §2.1.1-2.1.2, RFC 9162 §2.1.3-2.1.4).
package enum TreeProof {
    /// A path of a tree of 2⁶⁴ leaves.
    package static let longest = 64

    // MARK: - Making

    /// The path from a leaf to the root of the tree's first `size` leaves. - Precondition: index < size
    package static func inclusion(of index: UInt64, size: UInt64, in nodes: TileNodes) throws -> [TreeHash] {
        guard index < size else { throw TreeError.beyond(size: size) }
        var path: [TreeHash] = []
        var (start, end) = (UInt64(0), size)
        while end - start > 1 {
            let middle = start + split(end - start)
            if index < middle {
                path.append(try root(middle, end, nodes))
                end = middle
            } else {
                path.append(try root(start, middle, nodes))
                start = middle
            }
        }
        return path.reversed()
    }

    /// That the first `old` leaves are the beginning of the first `new`.
    package static func consistency(from old: UInt64, to new: UInt64, in nodes: TileNodes) throws -> [TreeHash] {
        guard old <= new else { throw TreeError.beyond(size: new) }
        guard old > 0, old < new else { return [] }
        var path: [TreeHash] = []
        var (start, end) = (UInt64(0), new)
        // Ends with the largest subtree that both trees have as a whole.
        while end > old {
            let middle = start + split(end - start)
            if old <= middle {
                path.append(try root(middle, end, nodes))
                end = middle
            } else {
                path.append(try root(start, middle, nodes))
                start = middle
            }
        }
        // The old tree itself needs not be told.
        if start > 0 { path.append(try root(start, end, nodes)) }
        return path.reversed()
    }

    /// The largest power of two below `count`, which is at least two.
    private static func split(_ count: UInt64) -> UInt64 { 1 << UInt64(63 - (count - 1).leadingZeroBitCount) }

    private static func root(_ start: UInt64, _ end: UInt64, _ nodes: TileNodes) throws -> TreeHash {
        let count = end - start
        if count & (count - 1) == 0 {
            let height = count.trailingZeroBitCount
            return try nodes.node(height: height, index: start >> UInt64(height))
        }
        let middle = start + split(count)
        return try .node(root(start, middle, nodes), root(middle, end, nodes))
    }

    // MARK: - Checking

    /// RFC 9162 §2.1.3.2.
    package static func isIncluded(
        _ leaf: TreeHash,
        at index: UInt64,
        size: UInt64,
        root: TreeHash,
        path: [TreeHash]
    ) -> Bool {
        guard index < size, path.count <= longest else { return false }
        var (place, last, hash) = (index, size - 1, leaf)
        for sibling in path {
            guard last > 0 else { return false }
            if place & 1 == 1 || place == last {
                hash = .node(sibling, hash)
                while place & 1 == 0, place != 0 {
                    place >>= 1
                    last >>= 1
                }
            } else {
                hash = .node(hash, sibling)
            }
            place >>= 1
            last >>= 1
        }
        return last == 0 && hash == root
    }

    /// RFC 9162 §2.1.4.2; a tree of no leaves is the beginning of every other.
    package static func isConsistent(
        from old: UInt64,
        _ oldRoot: TreeHash,
        to new: UInt64,
        _ newRoot: TreeHash,
        path: [TreeHash]
    ) -> Bool {
        guard old <= new, path.count <= longest + 1 else { return false }
        if old == new { return path.isEmpty && oldRoot == newRoot }
        if old == 0 { return path.isEmpty && oldRoot == .empty }
        let isPower = old & (old - 1) == 0
        guard let first = isPower ? oldRoot : path.first else { return false }
        var (place, last) = (old - 1, new - 1)
        while place & 1 == 1 {
            place >>= 1
            last >>= 1
        }
        var (before, after) = (first, first)
        for sibling in isPower ? path[...] : path.dropFirst() {
            guard last > 0 else { return false }
            if place & 1 == 1 || place == last {
                before = .node(sibling, before)
                after = .node(sibling, after)
                while place & 1 == 0, place != 0 {
                    place >>= 1
                    last >>= 1
                }
            } else {
                after = .node(after, sibling)
            }
            place >>= 1
            last >>= 1
        }
        return last == 0 && before == oldRoot && after == newRoot
    }
}
