import Domain

/// Server processes: each start is a row; its beat counts up while it lives.
enum ReplicaRows {
    private static let insert =
        "INSERT INTO replicas (id, started_at, beat_at) SELECT MAX(COALESCE(MAX(id), 0), ?) + 1, ?, ? FROM replicas RETURNING id"
    // Whoever was taken for dead and is not, lives again with its first beat.
    private static let beat = "UPDATE replicas SET beat = beat + 1, beat_at = ?, ended_at = NULL WHERE id = ?"
    private static let end = "UPDATE replicas SET ended_at = ? WHERE id = ?"
    private static let hasOpenCalls = "SELECT COUNT(*) FROM api_requests WHERE state IN (0, 3) AND replica_id = ?"

    /// A new one, under the write lock. - Parameter known: ids up to this were taken before, whatever the table says.
    static func insert(after known: ReplicaID, now: Instant, _ connection: any SQLConnection) throws -> ReplicaID {
        ReplicaID(try connection.insert(insert, SQLValue(known), SQLValue(now), SQLValue(now)))
    }

    static func beat(_ replica: ReplicaID, now: Instant, _ connection: any SQLConnection) throws {
        try connection.execute(beat, SQLValue(now), SQLValue(replica))
    }

    static func end(_ replica: ReplicaID, now: Instant, _ connection: any SQLConnection) throws {
        try connection.execute(end, SQLValue(now), SQLValue(replica))
    }

    /// Marks a process that leaves nothing open as ended; calls that are still open stay its own, to be resolved.
    static func leave(_ replica: ReplicaID, now: Instant, _ connection: any SQLConnection) throws {
        let open = try connection.query(hasOpenCalls, SQLValue(replica)) { $0.int64(0) }
        if open.first == 0 { try end(replica, now: now, connection) }
    }
}
