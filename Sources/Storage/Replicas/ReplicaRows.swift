import Domain

/// Server processes: each start is a row; its beat counts up while it lives.
enum ReplicaRows {
    private static let insert =
        "INSERT INTO replicas (id, started_at, beat_at) SELECT MAX(COALESCE(MAX(id), 0), ?) + 1, ?, ? FROM replicas RETURNING id"
    // Whoever was taken for dead and is not, lives again with its first beat.
    private static let beat = "UPDATE replicas SET beat = beat + 1, beat_at = ?, ended_at = NULL WHERE id = ?"
    private static let beatOwn =
        "UPDATE replicas SET beat = beat + 1, beat_at = ?, ended_at = NULL WHERE id = ? AND started_at = ?"
    private static let restore = "INSERT INTO replicas (id, started_at, beat, beat_at) VALUES (?, ?, 1, ?)"
    private static let end = "UPDATE replicas SET ended_at = ? WHERE id = ?"
    private static let hasOpenCalls = "SELECT COUNT(*) FROM api_requests WHERE state IN (0, 3) AND replica_id = ?"

    /// A new one, under the write lock. - Parameter known: ids up to this were taken before, whatever the table says.
    static func insert(after known: ReplicaID, now: Instant, _ connection: any SQLConnection) throws -> ReplicaID {
        ReplicaID(try connection.insert(insert, SQLValue(known), SQLValue(now), SQLValue(now)))
    }

    static func beat(_ replica: ReplicaID, now: Instant, _ connection: any SQLConnection) throws {
        try connection.execute(beat, SQLValue(now), SQLValue(replica))
    }

    /// A beat of a process that knows when its row was made. A standby that was promoted may lack the row, which is made again.
    /// - Throws: `StorageError.constraint` where another process has been given this id meanwhile.
    static func beat(
        _ replica: ReplicaID,
        startedAt: Instant,
        now: Instant,
        _ connection: any SQLConnection
    ) throws {
        let (id, start) = (SQLValue(replica), SQLValue(startedAt))
        guard try connection.execute(beatOwn, SQLValue(now), id, start) == 0 else { return }
        try connection.execute(restore, id, start, SQLValue(now))
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
