import AuditLog
import Domain

/// Builds a tree again, leaf by leaf, beside what is stored and signed of it.
struct TreeWalk {
    /// What somebody signed: at this size this root.
    struct Signed: Hashable {
        let root: TreeHash
        let source: String
    }

    private struct Leaf {
        let replica: ReplicaID
        let number: Int64
    }

    let tree: AuditTree
    private var leaves = GrowingTree()
    private var signed: [UInt64: Set<Signed>]
    /// Tiles that are not compared yet.
    private var growing: [Tile: [TreeHash]] = [:]
    /// Of the leaves in the tile that grows.
    private var names: [Leaf] = []

    init(_ tree: AuditTree, signed: [UInt64: Set<Signed>], _ report: inout AuditReport) {
        self.tree = tree
        self.signed = signed
        checkSigned(&report)
    }

    var size: UInt64 { leaves.size }
    var root: TreeHash { leaves.root }

    mutating func append(
        _ hash: TreeHash,
        replica: ReplicaID,
        number: Int64,
        _ report: inout AuditReport,
        _ connection: any SQLConnection
    ) throws {
        names.append(Leaf(replica: replica, number: number))
        leaves.append(hash)
        if signed[leaves.size] != nil { checkSigned(&report) }
        if leaves.size & 255 == 0 {
            try checkTiles(isEnd: false, &report, connection)
            names.removeAll(keepingCapacity: true)
        }
    }

    /// Compares what is left, once all leaves are there.
    mutating func end(_ report: inout AuditReport, _ connection: any SQLConnection) throws {
        try checkTiles(isEnd: true, &report, connection)
        for (size, roots) in signed.sorted(by: { $0.key < $1.key }) {
            for source in roots.map(\.source).sorted() {
                report.findings.differ("\(source) of \(tree.origin)", stored: "\(size) leaves", derived: leaves.size)
            }
        }
        if leaves.size != tree.size {
            report.findings.differ("log \(tree.origin): leaves", stored: tree.size, derived: leaves.size)
        }
        for level in 0..<8 {
            let stored = try connection.query(
                "SELECT COUNT(*) FROM audit_tiles WHERE tree_id = ? AND level = ?",
                .integer(tree.id),
                .integer(Int64(level))
            ) { $0.int64(0) }.first
            let derived = Tile.count(level: level, size: leaves.size)
            if stored != Int64(derived) {
                report.findings.differ(
                    "log \(tree.origin): tiles of level \(level)",
                    stored: stored ?? 0,
                    derived: derived
                )
            }
        }
    }

    private mutating func checkSigned(_ report: inout AuditReport) {
        guard let roots = signed.removeValue(forKey: leaves.size) else { return }
        let root = leaves.root
        for one in roots {
            report.checkpoints += 1
            if one.root != root {
                report.findings.differ(
                    "\(one.source) of \(tree.origin) at \(leaves.size) leaves",
                    stored: one.root,
                    derived: root
                )
            }
        }
    }

    private mutating func checkTiles(
        isEnd: Bool,
        _ report: inout AuditReport,
        _ connection: any SQLConnection
    ) throws {
        growing.merge(leaves.takeChangedTiles()) { $1 }
        for (tile, derived) in growing where derived.count == Tile.width || isEnd {
            growing[tile] = nil
            let stored = try AuditTree.hashes(of: tile, tree: tree.id, connection) ?? []
            guard stored != derived else { continue }
            let place = "log \(tree.origin): tile \(tile.level)/\(tile.index)"
            guard tile.level == 0, stored.count == derived.count else {
                report.findings.differ(place, stored: "\(stored.count) nodes", derived: "\(derived.count) others")
                continue
            }
            for index in derived.indices where stored[index] != derived[index] && names.indices.contains(index) {
                report.findings.differ(
                    "leaf \(tile.index * UInt64(Tile.width) + UInt64(index)) of \(tree.origin), \(names[index].replica)/\(names[index].number)",
                    stored: stored[index],
                    derived: derived[index]
                )
            }
        }
    }
}
