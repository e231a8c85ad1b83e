import Crypto
package import Domain

/// Leaves of the audit tree, written with what they testify, in the same transaction; a signer gives them their places.
///
/// A leaf is SHA-256 over a zero byte and the bill's canonical bytes (RFC 6962 §2.1). Bills of a batch share one row: for
/// each of them sixteen bytes of call id and thirty-two of leaf.
package struct AuditLeaves {
    enum Kind: Int64 {
        case bills = 1
        case act = 2
    }

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

    mutating func append(_ id: CallID, _ leaf: SHA256Digest) {
        data.append(contentsOf: id.bytes)
        data.append(contentsOf: leaf)
        count += 1
    }

    mutating func flush(now: Instant, _ connection: any SQLConnection) throws {
        guard count > 0 else { return }
        let statement = try connection.prepare(Self.insert)
        defer { statement.reset() }
        statement.bind(replica.rawValue, at: 1)
        statement.bind(first, at: 2)
        statement.bind(count, at: 3)
        statement.bind(Kind.bills.rawValue, at: 4)
        data.withUnsafeBytes { statement.bind($0, at: 5) }
        statement.bind(now.microseconds, at: 6)
        _ = try statement.step()
        first += count
        count = 0
        data.removeAll(keepingCapacity: true)
    }

    /// An act (an administrative change, a command): one leaf of its own, its JSON beside it. Replica 0 is everybody who
    /// is no server.
    package static func append(act json: String, now: Instant, _ connection: any SQLConnection) throws {
        let next = try connection.query(
            "SELECT COALESCE(MAX(number + count), 0) FROM audit_leaves WHERE replica_id = 0"
        ) { $0.int64(0) }
        try connection.execute(
            insert,
            .integer(0),
            .integer(next.first ?? 0),
            .integer(1),
            .integer(Kind.act.rawValue),
            .blob(Array(json.utf8)),
            SQLValue(now)
        )
    }

    /// The leaf of a closed call, from what its row says.
    static func leaf(
        id: CallID,
        state: CallState,
        userID: UserID,
        keyID: APIKeyID,
        modelID: ModelID,
        routeID: RouteID,
        groupID: ModelGroupID,
        priceVersionID: PriceVersionID,
        multiplier: Multiplier,
        hold: Money,
        usage: Usage,
        charge: Money,
        cost: Money,
        excess: Money,
        flags: BillFlags,
        startedAt: Instant,
        endedAt: Instant
    ) -> SHA256Digest {
        withUnsafeTemporaryAllocation(of: Int64.self, capacity: 28) { words in
            var at = 0
            func put(_ word: Int64) {
                words[at] = word.bigEndian
                at += 1
            }
            put(Int64(bitPattern: id.high))
            put(Int64(bitPattern: id.low))
            for word in [
                state.rawValue, userID.rawValue, keyID.rawValue, modelID.rawValue, routeID.rawValue, groupID.rawValue,
                priceVersionID.rawValue, multiplier.basisPoints, hold.picoDollars,
            ] { put(word) }
            for tokenClass in TokenClass.allCases { put(usage[tokenClass]) }
            for word in [
                charge.picoDollars, cost.picoDollars, excess.picoDollars, flags.rawValue, startedAt.microseconds,
                endedAt.microseconds,
            ] { put(word) }
            var hash = SHA256()
            withUnsafeBytes(of: UInt8(0)) { hash.update(bufferPointer: $0) }
            hash.update(
                bufferPointer: UnsafeRawBufferPointer(
                    rebasing: UnsafeRawBufferPointer(UnsafeMutableRawBufferPointer(words))[..<(at * 8)]
                )
            )
            return hash.finalize()
        }
    }
}
