import Domain

/// What one replica does for all: lent to it for a while, by the database's clock.
enum DutyRows {
    /// For how long; renewed with every beat.
    static let nanoseconds: UInt64 = 15_000_000_000

    private static let take =
        "UPDATE replica_duties SET replica_id = ?, until = ? WHERE id = 1 AND (replica_id = ? OR until < ?)"
    private static let leave = "UPDATE replica_duties SET until = 0 WHERE id = 1 AND replica_id = ?"

    /// - Returns: whether they are this replica's now.
    static func take(by replica: ReplicaID, now: Instant, _ connection: any SQLConnection) throws -> Bool {
        // The lender counts longer than the borrower.
        let until = now.microseconds + Int64(nanoseconds / 1_000) + 1_000_000
        let changed = try connection.execute(
            take,
            SQLValue(replica),
            .integer(until),
            SQLValue(replica),
            SQLValue(now)
        )
        return changed == 1
    }

    static func leave(by replica: ReplicaID, _ connection: any SQLConnection) throws {
        try connection.execute(leave, SQLValue(replica))
    }
}
