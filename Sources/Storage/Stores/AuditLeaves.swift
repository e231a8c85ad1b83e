package import Domain

/// Leaves of the audit tree, written with what they testify, in the same transaction; a signer gives them their places.
///
/// Bills of a batch share one row: for each of them sixteen bytes of call id and thirty-two of ``BillLeaf``.
package struct AuditLeaves {
    enum Kind: Int64 {
        case bills = 1
        case act = 2
    }

    /// Of one bill in a row's data.
    static let billBytes = 48

    private static let insert =
        "INSERT INTO audit_leaves (replica_id, number, count, kind, data, created_at) VALUES (?, ?, ?, ?, ?, ?)"

    private var data: [UInt8] = []
    private var count: Int64 = 0
    private var first: Int64
    private let replica: ReplicaID

    /// - Parameter first: the number of the next leaf of this replica.
    init(replica: ReplicaID, first: Int64) {
        self.replica = replica
        self.first = first
    }

    /// The number the next leaf will have.
    var next: Int64 { first + count }

    mutating func append(_ leaf: BillLeaf) {
        data.append(contentsOf: leaf.id.bytes)
        data.append(contentsOf: leaf.digest)
        count += 1
    }

    mutating func flush(now: Instant, _ connection: any SQLConnection) throws {
        guard count > 0 else { return }
        let statement = try connection.prepare(Self.insert)
        statement.bind(replica.rawValue, at: 1)
        statement.bind(first, at: 2)
        statement.bind(count, at: 3)
        statement.bind(Kind.bills.rawValue, at: 4)
        data.withUnsafeBytes { statement.bind($0, at: 5) }
        statement.bind(now.microseconds, at: 6)
        try statement.enqueue(changing: 1)
        first += count
        count = 0
        data.removeAll(keepingCapacity: true)
    }

    /// Whose bills a row of them has.
    static func calls(_ data: UnsafeRawBufferPointer) -> [CallID] {
        stride(from: 0, through: data.count - billBytes, by: billBytes).compactMap { offset in
            CallID(bytes: UnsafeRawBufferPointer(rebasing: data[offset..<offset + 16]))
        }
    }

    /// The number that follows a replica's newest leaf, read under the lock.
    static func next(of replica: ReplicaID, _ connection: any SQLConnection) throws -> Int64 {
        try connection.query(
            "SELECT number + count FROM audit_leaves WHERE replica_id = ? ORDER BY number DESC LIMIT 1",
            SQLValue(replica)
        ) { $0.int64(0) }.first ?? 0
    }

    /// An act (an administrative change, a command): one leaf of its own, its JSON beside it. Replica 0 is everybody who
    /// is no server.
    package static func append(act json: String, now: Instant, _ connection: any SQLConnection) throws {
        try connection.execute(
            insert,
            .integer(0),
            .integer(try next(of: ReplicaID(0), connection)),
            .integer(1),
            .integer(Kind.act.rawValue),
            .blob(Array(json.utf8)),
            SQLValue(now)
        )
    }
}
