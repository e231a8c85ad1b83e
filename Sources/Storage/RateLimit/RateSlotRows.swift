import Domain

/// Calls at a time, each replica's part a row. What a dead replica had is nobody's: it counts no more.
enum RateSlotRows {
    private static let selectOthers = SizedSQL {
        "SELECT s.bucket_id, SUM(s.slots) FROM rate_slots s JOIN replicas r ON r.id = s.replica_id WHERE s.bucket_id IN (\(SizedSQL.list("?", $0))) AND s.replica_id <> ? AND r.ended_at IS NULL AND r.beat_at > ? GROUP BY s.bucket_id"
    }
    private static let upsert =
        "INSERT INTO rate_slots (bucket_id, replica_id, slots) VALUES (?, ?, ?) ON CONFLICT (bucket_id, replica_id) DO UPDATE SET slots = excluded.slots"
    private static let forget =
        "DELETE FROM rate_slots WHERE replica_id IN (SELECT id FROM replicas WHERE ended_at IS NOT NULL)"

    /// What others have of each bucket, whose rows in `rate_buckets` are locked.
    static func others(
        than replica: ReplicaID,
        of buckets: [Int64],
        aliveAfter: Instant,
        _ connection: any SQLConnection
    ) throws -> [Int64: Int64] {
        var others: [Int64: Int64] = [:]
        try selectOthers.query(
            buckets,
            connection,
            bind: { $1.bind($0, at: $2) },
            rest: { statement, index in
                statement.bind(replica.rawValue, at: index)
                statement.bind(aliveAfter.microseconds, at: index + 1)
            }
        ) { others[$0.int64(0)] = $0.int64(1) }
        return others
    }

    static func set(_ slots: Int64, of replica: ReplicaID, in bucket: Int64, _ connection: any SQLConnection) throws {
        let statement = try connection.prepare(upsert)
        statement.bind(bucket, at: 1)
        statement.bind(replica.rawValue, at: 2)
        statement.bind(slots, at: 3)
        try statement.enqueue()
    }

    /// Of replicas that have ended.
    static func forget(_ connection: any SQLConnection) throws { try connection.execute(forget) }
}
