@testable import AuditLog

/// The definitions of RFC 6962 §2.1, word by word, over leaves in memory.
struct NaiveTree {
    var leaves: [TreeHash] = []

    func root(_ range: Range<Int>) -> TreeHash {
        switch range.count {
        case 0: return .empty
        case 1: return leaves[range.lowerBound]
        default:
            let middle = range.lowerBound + Self.split(range.count)
            return .node(root(range.lowerBound..<middle), root(middle..<range.upperBound))
        }
    }

    func path(_ index: Int, _ range: Range<Int>) -> [TreeHash] {
        guard range.count > 1 else { return [] }
        let middle = range.lowerBound + Self.split(range.count)
        return index < middle
            ? path(index, range.lowerBound..<middle) + [root(middle..<range.upperBound)]
            : path(index, middle..<range.upperBound) + [root(range.lowerBound..<middle)]
    }

    func consistency(_ old: Int, _ range: Range<Int>, isWhole: Bool = true) -> [TreeHash] {
        if old == range.upperBound { return isWhole ? [] : [root(range)] }
        let middle = range.lowerBound + Self.split(range.count)
        return old <= middle
            ? consistency(old, range.lowerBound..<middle, isWhole: isWhole) + [root(middle..<range.upperBound)]
            : consistency(old, middle..<range.upperBound, isWhole: false) + [root(range.lowerBound..<middle)]
    }

    private static func split(_ count: Int) -> Int {
        var split = 1
        while split * 2 < count { split *= 2 }
        return split
    }
}

/// A tree grown leaf by leaf, with its tiles where a database would have them.
struct StoredTree {
    var tree = GrowingTree()
    var tiles: [Tile: [TreeHash]] = [:]

    var nodes: TileNodes { TileNodes { [tiles] in tiles[$0] } }

    mutating func append(_ leaf: TreeHash) {
        tree.append(leaf)
        tiles.merge(tree.takeChangedTiles()) { $1 }
    }
}
