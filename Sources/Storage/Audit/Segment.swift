import Domain

/// Leaves of one replica whose numbers and places in a tree run side by side.
struct Segment {
    private static let insert =
        "INSERT INTO audit_segments (tree_id, first_index, replica_id, first_number, count) VALUES (?, ?, ?, ?, ?)"
    private static let newest =
        "SELECT first_number + count, tree_id FROM audit_segments WHERE replica_id = ? ORDER BY first_number DESC LIMIT 1"
    private static let holding =
        "SELECT tree_id, first_index + ? - first_number FROM audit_segments WHERE replica_id = ? AND first_number <= ? AND first_number + count > ? ORDER BY first_number DESC LIMIT 1"

    let firstIndex: UInt64
    let replica: ReplicaID
    let firstNumber: Int64
    var count: Int64

    func save(tree: Int64, _ connection: any SQLConnection) throws {
        try connection.execute(
            Self.insert,
            .integer(tree),
            .integer(Int64(firstIndex)),
            SQLValue(replica),
            .integer(firstNumber),
            .integer(count)
        )
    }

    /// Where a replica's leaves go on that have no place yet.
    /// - Returns: the next number, and the tree that has the ones before; nil if none has.
    static func end(of replica: ReplicaID, _ connection: any SQLConnection) throws -> (number: Int64, tree: Int64)? {
        try connection.query(newest, SQLValue(replica)) { ($0.int64(0), $0.int64(1)) }.first
    }

    /// A leaf's tree and its place there; nil while it has none.
    static func place(
        of number: Int64,
        replica: ReplicaID,
        _ connection: any SQLConnection
    ) throws -> (tree: Int64, index: Int64)? {
        try connection.query(holding, .integer(number), SQLValue(replica), .integer(number), .integer(number)) {
            ($0.int64(0), $0.int64(1))
        }.first
    }
}
