package enum TreeError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The tree does not reach so far, or a tile of it is gone, short or malformed.
    case missing(level: Int, tile: UInt64)
    case beyond(size: UInt64)

    package var description: String {
        switch self {
        case .missing(let level, let tile): "tile \(level)/\(tile) is missing or damaged"
        case .beyond(let size): "the tree has only \(size) leaves"
        }
    }
}

/// The nodes of a stored tree, each from its tile.
package struct TileNodes {
    private let load: (Tile) throws -> [TreeHash]?

    /// - Parameter load: a tile's nodes; nil where there is no such tile.
    package init(load: @escaping (Tile) throws -> [TreeHash]?) { self.load = load }

    /// The first `count` nodes of a tile.
    func prefix(of tile: Tile, count: Int) throws -> [TreeHash] {
        guard let hashes = try load(tile), hashes.count >= count else {
            throw TreeError.missing(level: tile.level, tile: tile.index)
        }
        return Array(hashes.prefix(count))
    }

    /// The perfect subtree of 2^height leaves at this place of its row.
    package func node(height: Int, index: UInt64) throws -> TreeHash {
        let level = height / Tile.height
        let above = height % Tile.height
        // The nodes it is made of lie in one tile, since their number divides the tile's.
        let first = index << UInt64(above)
        let tile = Tile(level: level, index: first >> 8)
        let start = Int(first & 255)
        let end = start + (1 << above)
        let hashes = try prefix(of: tile, count: end)
        var row = Array(hashes[start..<end])
        while row.count > 1 {
            row = stride(from: 0, to: row.count, by: 2).map { .node(row[$0], row[$0 + 1]) }
        }
        return row[0]
    }

    package func range(size: UInt64) throws -> CompactRange {
        try CompactRange(size: size) { height, index throws(any Error) in try node(height: height, index: index) }
    }
}
