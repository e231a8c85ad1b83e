import Domain

/// A zone whose days and months are kept, and how far its quarters have been folded into them.
struct KeptZone {
    let id: Int64
    let name: String
    let isActive: Bool
    /// Nothing from before this is in its sums; the start of a day in UTC.
    let since: Instant
    /// The last row that was folded.
    var cursor: RollupKey
    /// The last late row that was looked at.
    var lateID: Int64
}

/// What the statistics know of themselves.
struct StatisticsMarks {
    /// The last quarter of which any zone has folded a row; -1 before the first.
    let foldedUntil: Int64
    /// Quarters before this are gone.
    let quartersSince: Instant
}

enum ZoneRows {
    static let utcID: Int64 = 1

    private static let columns =
        "id, name, is_active, since, bucket, dimension, dimension_id, replica_id, late_id"
    private static let selectAll = "SELECT \(columns) FROM statistics_zones ORDER BY id"
    private static let selectMarks = "SELECT folded_until, quarters_since FROM statistics_marks WHERE id = 1"
    private static let lock = "SELECT id FROM statistics_marks WHERE id = 1 FOR UPDATE"
    private static let save =
        "UPDATE statistics_zones SET bucket = ?, dimension = ?, dimension_id = ?, replica_id = ?, late_id = ? WHERE id = ?"
    private static let insert =
        "INSERT INTO statistics_zones (name, since, bucket, late_id) SELECT ?, ?, ?, COALESCE(MAX(id), 0) FROM usage_late"

    static func all(_ connection: any SQLConnection) throws -> [KeptZone] {
        try connection.query(selectAll) { row in
            KeptZone(
                id: row.int64(0),
                name: row.text(1),
                isActive: row.bool(2),
                since: row.instant(3),
                cursor: RollupKey(row, from: 4),
                lateID: row.int64(8)
            )
        }
    }

    /// Nobody books anything in a quarter that is over until this transaction ends, and what was being booked is there.
    static func lock(_ connection: any SQLConnection) throws { _ = try connection.query(lock) { _ in () } }

    static func marks(_ connection: any SQLConnection) throws -> StatisticsMarks {
        guard
            let marks = try connection.query(
                selectMarks,
                row: { StatisticsMarks(foldedUntil: $0.int64(0), quartersSince: $0.instant(1)) }
            ).first
        else { throw StorageError.unusable("the statistics have no marks") }
        return marks
    }

    static func save(_ zone: KeptZone, _ connection: any SQLConnection) throws {
        let statement = try connection.prepare(save)
        defer { statement.reset() }
        zone.cursor.bind(to: statement)
        statement.bind(zone.lateID, at: 5)
        statement.bind(zone.id, at: 6)
        _ = try statement.step()
        try connection.execute(
            "UPDATE statistics_marks SET folded_until = ? WHERE folded_until < ?",
            .integer(zone.cursor.bucket),
            .integer(zone.cursor.bucket)
        )
    }

    /// Begins with the oldest quarters there are: what waits among the late ones is in them.
    static func add(_ name: String, since: Instant, _ connection: any SQLConnection) throws {
        try connection.execute(insert, .text(name), SQLValue(since), SQLValue(since))
    }

    static func setActive(_ isActive: Bool, zone id: Int64, _ connection: any SQLConnection) throws {
        try connection.execute(
            "UPDATE statistics_zones SET is_active = ? WHERE id = ?",
            SQLValue(isActive),
            .integer(id)
        )
    }

    static func remove(zone id: Int64, _ connection: any SQLConnection) throws {
        try connection.execute("DELETE FROM statistics_zones WHERE id = ?", .integer(id))
    }

    static func dropQuarters(before instant: Instant, _ connection: any SQLConnection) throws {
        try connection.execute("UPDATE statistics_marks SET quarters_since = ? WHERE id = 1", SQLValue(instant))
    }
}
