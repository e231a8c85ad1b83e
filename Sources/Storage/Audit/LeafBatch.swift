import AuditLog
import Domain

/// Leaves that have no place yet, read in the order in which they get theirs: by replica, by number.
struct LeafBatch {
    /// A transaction of so many writes four tiles and a few rows, well below a millisecond.
    static let mostLeaves = 1_024

    private(set) var segments: [Segment] = []
    private(set) var hashes: [TreeHash] = []
    /// There are no more behind these.
    private(set) var isLast = true
    /// Replicas that have ended and have no more leaves.
    private(set) var finished: Set<ReplicaID> = []

    /// - Parameters:
    ///   - firstIndex: of the first leaf.
    ///   - isFirstTree: no log was broken off before this one.
    ///   - passed: replicas that need not be looked at again.
    /// - Throws: `AuditHalt` where numbers do not follow each other.
    init(
        tree: Int64,
        isFirstTree: Bool,
        firstIndex: UInt64,
        passing passed: Set<ReplicaID>,
        _ connection: any SQLConnection
    ) throws {
        let replicas = try connection.query("SELECT id, ended_at FROM replicas ORDER BY id") {
            (id: ReplicaID($0.int64(0)), hasEnded: !$0.isNull(1))
        }
        for replica in [(id: ReplicaID(0), hasEnded: false)] + replicas where !passed.contains(replica.id) {
            let end = try Segment.end(of: replica.id, connection)
            // Where a log was broken off, leaves may be missing that it had: a leaf of the next one says so.
            let mayBeginLater = !isFirstTree && end.map { $0.tree != tree } ?? false
            let before = hashes.count
            try read(
                replica.id,
                from: end?.number ?? 0,
                isExact: !mayBeginLater,
                firstIndex: firstIndex,
                connection
            )
            if hashes.count >= Self.mostLeaves {
                isLast = false
                return
            }
            if replica.hasEnded, hashes.count == before { finished.insert(replica.id) }
        }
    }

    private mutating func read(
        _ replica: ReplicaID,
        from first: Int64,
        isExact: Bool,
        firstIndex: UInt64,
        _ connection: any SQLConnection
    ) throws {
        let rows = try connection.prepare(
            "SELECT \(LeafRow.columns) FROM audit_leaves WHERE replica_id = ? AND number >= ? ORDER BY number"
        )
        defer { rows.reset() }
        rows.bind(replica.rawValue, at: 1)
        rows.bind(first, at: 2)
        var next = isExact ? first : nil
        while hashes.count < Self.mostLeaves, try rows.step() {
            guard let row = LeafRow(rows) else {
                throw AuditHalt.leafMalformed(replica: replica, number: rows.int64(0))
            }
            if let next, row.number != next {
                throw AuditHalt.leavesMissing(replica: replica, expected: next, found: row.number)
            }
            if next != nil, segments.last?.replica == replica {
                segments[segments.count - 1].count += row.count
            } else {
                segments.append(
                    Segment(
                        firstIndex: firstIndex + UInt64(hashes.count),
                        replica: replica,
                        firstNumber: row.number,
                        count: row.count
                    )
                )
            }
            hashes += row.hashes
            next = row.number + row.count
        }
    }
}
