import AuditLog
import Domain

/// Where a closed call's leaf was written.
struct LeafPlace {
    private static let selectReplicas = "SELECT id FROM replicas WHERE id <> ? ORDER BY id"
    private static let selectRow =
        "SELECT \(LeafRow.columns) FROM audit_leaves WHERE replica_id = ? AND number <= ? ORDER BY number DESC LIMIT 1"

    let replica: ReplicaID
    let number: Int64
    let hash: TreeHash

    /// Whoever closed the call wrote its leaf: mostly who admitted it, else a later process or a command.
    /// - Returns: the leaf of this very bill, else one that is the call's, else nil.
    static func find(
        of call: VerifiedCall,
        number: Int64,
        _ connection: any SQLConnection
    ) throws -> LeafPlace? {
        let digest = TreeHash(Array(call.bill.digest)[...])
        let own = try read(call, number, replica: call.replica, connection)
        if let own, own.hash == digest { return own }
        let others = try connection.query(selectReplicas, SQLValue(call.replica)) { ReplicaID($0.int64(0)) }
        var found = own
        for replica in [ReplicaID(0)] + others where replica != call.replica {
            guard let place = try read(call, number, replica: replica, connection) else { continue }
            if place.hash == digest { return place }
            found = found ?? place
        }
        return found
    }

    private static func read(
        _ call: VerifiedCall,
        _ number: Int64,
        replica: ReplicaID,
        _ connection: any SQLConnection
    ) throws -> LeafPlace? {
        let rows = try connection.query(selectRow, SQLValue(replica), .integer(number)) { LeafRow($0) }
        guard let row = rows.first ?? nil, number - row.number < Int64(row.calls.count) else { return nil }
        let index = Int(number - row.number)
        guard row.calls[index] == call.bill.id else { return nil }
        return LeafPlace(replica: replica, number: number, hash: row.hashes[index])
    }
}
