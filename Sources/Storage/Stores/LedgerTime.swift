import Domain

/// The ledger's time: the database's own clock where it has one, else the host's, never below the newest booking.
enum LedgerTime {
    // Each process goes on from where the ones before it had come to, so the newest few tell.
    private static let select =
        "SELECT MAX(r.started_at, r.beat_at, COALESCE(r.ended_at, 0), COALESCE((SELECT l.created_at FROM audit_leaves l WHERE l.replica_id = r.id ORDER BY l.number DESC LIMIT 1), 0)) FROM replicas r ORDER BY r.id DESC LIMIT 8"
    /// Replica 0 is everybody who is no server.
    private static let selectOthers =
        "SELECT created_at FROM audit_leaves WHERE replica_id = 0 ORDER BY number DESC LIMIT 1"

    static func newestBooking(_ connection: any SQLConnection) throws -> Instant {
        let instants =
            try connection.query(select) { $0.instant(0) } + connection.query(selectOthers) { $0.instant(0) }
        return instants.max() ?? Instant(microseconds: 0)
    }

    /// The time of a change, once its transaction has the lock.
    static func now(_ clock: () -> Instant, _ connection: any SQLConnection) throws -> Instant {
        try read(connection) ?? max(clock(), try newestBooking(connection))
    }

    /// What the database's clock says; nil where it has none.
    static func read(_ connection: any SQLConnection) throws -> Instant? {
        guard let query = connection.timeQuery else { return nil }
        return try connection.query(query) { $0.instant(0) }.first
    }
}
