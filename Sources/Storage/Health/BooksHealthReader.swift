import Domain
import Dispatch

/// Asks the database how it is: rows of its own bookkeeping, and counts of what is open, for which there is an index.
struct BooksHealthReader {
    private static let selectReplicas =
        "SELECT id, started_at, beat_at FROM replicas WHERE ended_at IS NULL ORDER BY id DESC LIMIT 100"
    private static let selectSigned =
        "SELECT signed_at FROM audit_checkpoints WHERE tree_id = ? ORDER BY size DESC LIMIT 1"

    let replica: ReplicaID
    /// No other process serves this database.
    let isAlone: Bool
    let clock: @Sendable () -> Instant

    func read(_ connection: any SQLConnection) throws -> BooksHealth {
        let before = DispatchTime.now().uptimeNanoseconds
        _ = try connection.query("SELECT 1") { $0.int64(0) }
        let latency = (DispatchTime.now().uptimeNanoseconds - before) / 1_000
        let work = try OpenWork(connection)
        let marks = try ZoneRows.marks(connection)
        return BooksHealth(
            now: try LedgerTime.read(connection) ?? clock(),
            latencyMicroseconds: Int64(clamping: latency),
            openCalls: work.open,
            uncertainCalls: work.uncertain,
            quarantined: work.quarantined,
            audit: try audit(connection),
            replicas: try replicas(connection),
            ranges: try ranges(connection),
            statistics: .init(
                zones: try ZoneRows.all(connection).filter(\.isActive).map(\.name),
                quartersSince: marks.quartersSince,
                foldedUntil: marks.foldedUntil < 0 ? nil : Instant(microseconds: marks.foldedUntil)
            )
        )
    }

    private func audit(_ connection: any SQLConnection) throws -> BooksHealth.Audit? {
        guard let tree = try AuditTree.all(connection).last else { return nil }
        return BooksHealth.Audit(
            origin: tree.origin,
            size: Int64(clamping: tree.size),
            signedAt: try connection.query(Self.selectSigned, .integer(tree.id)) { $0.instant(0) }.first,
            caughtUpAt: tree.caughtUpAt
        )
    }

    private func replicas(_ connection: any SQLConnection) throws -> [BooksHealth.Replica] {
        try connection.query(Self.selectReplicas) { row in
            BooksHealth.Replica(
                id: row.id(0),
                startedAt: row.instant(1),
                beatAt: isAlone ? nil : row.instant(2),
                isThis: row.id(0) == replica
            )
        }
    }

    private func ranges(_ connection: any SQLConnection) throws -> [BooksHealth.Ranges] {
        guard connection.dialect == .postgres else { return [] }
        return try PartitionedTable.all.map { table in
            let ranges = try PartitionRows.ranges(of: table, connection)
            return .init(table: table.name, count: ranges.count, until: ranges.last?.end.time)
        }
    }
}
