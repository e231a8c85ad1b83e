/// A tree as its one writer holds it: the right edge, from which root and new tiles follow.
package struct GrowingTree: Sendable {
    private var range: CompactRange
    /// Of each level the nodes of its last tile, unless that is full.
    private var edge: [[TreeHash]]
    /// Tiles that grew since they were taken, whole.
    private var changed: [Tile: [TreeHash]] = [:]

    package init() {
        range = CompactRange()
        edge = Array(repeating: [], count: Tile.levels)
    }

    /// A tree that is stored already.
    /// - Throws: `TreeError.missing` where a tile is not there or too short; what `nodes` throws.
    package init(size: UInt64, nodes: TileNodes) throws {
        range = try nodes.range(size: size)
        edge = try (0..<Tile.levels).map { level in
            let count = size >> UInt64(level * Tile.height)
            guard count & 255 > 0 else { return [] }
            return try nodes.prefix(of: Tile(level: level, index: count >> 8), count: Int(count & 255))
        }
    }

    package var size: UInt64 { range.size }
    package var root: TreeHash { range.root }

    package mutating func append(_ leaf: TreeHash) {
        range.append(leaf) { height, index, hash in
            guard height % Tile.height == 0, height / Tile.height < Tile.levels else { return }
            let level = height / Tile.height
            edge[level].append(hash)
            changed[Tile(level: level, index: index >> 8)] = edge[level]
            if edge[level].count == Tile.width { edge[level].removeAll(keepingCapacity: true) }
        }
    }

    /// Tiles that are new or longer than when this was asked last.
    package mutating func takeChangedTiles() -> [Tile: [TreeHash]] {
        defer { changed.removeAll(keepingCapacity: true) }
        return changed
    }
}
