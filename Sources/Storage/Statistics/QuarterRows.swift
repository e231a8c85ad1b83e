import Domain

/// Quarters of an hour as the ledger writes them, and what it wrote late.
enum QuarterRows {
    private static let figures = "\(RollupColumns.names), is_saturated"
    private static let key = RollupKey.columns.joined(separator: ", ")
    static let selectAfter =
        "SELECT \(key), \(figures) FROM usage_rollups WHERE (\(key)) > (?, ?, ?, ?) AND bucket < ? ORDER BY \(key) LIMIT ?"
    static let selectBucket =
        "SELECT \(key), \(figures) FROM usage_rollups WHERE bucket = ? AND dimension = ?"
    static let selectSpan =
        "SELECT \(key), \(figures) FROM usage_rollups WHERE bucket = ? AND dimension = ? AND dimension_id >= ? AND dimension_id <= ?"
    static let selectID =
        "SELECT \(key), \(figures) FROM usage_rollups WHERE dimension = ? AND dimension_id = ? AND bucket >= ? AND bucket < ?"
    private static let selectLate =
        "SELECT \(key), \(figures), id FROM usage_late WHERE id > ? ORDER BY id LIMIT ?"
    private static let deleteLate =
        "DELETE FROM usage_late WHERE id IN (SELECT id FROM usage_late WHERE id <= ? ORDER BY id LIMIT ?)"
    private static let deleteOld =
        "DELETE FROM usage_rollups WHERE (\(key)) IN (SELECT \(key) FROM usage_rollups WHERE bucket < ? ORDER BY \(key) LIMIT ?)"

    private static let selectOldest = "SELECT COALESCE(MIN(bucket), 0) FROM usage_rollups"
    private static let selectNewest = "SELECT COALESCE(MAX(bucket), 0) FROM usage_rollups"

    /// Where in these rows the figures begin.
    static let firstFigure = 4
    /// Where late rows have their id.
    static let lateID = firstFigure + UsageFigure.count + 1

    static func read(
        after key: RollupKey,
        before end: Instant,
        limit: Int,
        _ connection: any SQLConnection,
        row: (any SQLStatement) throws -> Void
    ) throws {
        let statement = try connection.prepare(selectAfter)
        defer { statement.reset() }
        key.bind(to: statement)
        statement.bind(end.microseconds, at: 5)
        statement.bind(Int64(limit), at: 6)
        while try statement.step() { try row(statement) }
    }

    /// The first quarter there is; 0 where there is none.
    static func oldest(_ connection: any SQLConnection) throws -> Int64 {
        try connection.query(selectOldest) { $0.int64(0) }.first ?? 0
    }

    /// The quarter that was booked last, by its name; 0 where there is none.
    static func newest(_ connection: any SQLConnection) throws -> Int64 {
        try connection.query(selectNewest) { $0.int64(0) }.first ?? 0
    }

    /// Every id of a dimension in one quarter.
    static func read(
        _ dimension: UsageDimension,
        bucket: Int64,
        _ connection: any SQLConnection,
        row: (any SQLStatement) throws -> Void
    ) throws {
        _ = try connection.query(selectBucket, .integer(bucket), .integer(dimension.rawValue), row: row)
    }

    static func read(
        _ dimension: UsageDimension,
        id: Int64,
        _ range: Range<Instant>,
        _ connection: any SQLConnection,
        row: (any SQLStatement) throws -> Void
    ) throws {
        _ = try connection.query(
            selectID,
            .integer(dimension.rawValue),
            .integer(id),
            SQLValue(range.lowerBound),
            SQLValue(range.upperBound),
            row: row
        )
    }

    /// Neighbouring ids of a dimension in one quarter.
    static func read(
        _ dimension: UsageDimension,
        bucket: Int64,
        ids: ClosedRange<Int64>,
        _ connection: any SQLConnection,
        row: (any SQLStatement) throws -> Void
    ) throws {
        _ = try connection.query(
            selectSpan,
            .integer(bucket),
            .integer(dimension.rawValue),
            .integer(ids.lowerBound),
            .integer(ids.upperBound),
            row: row
        )
    }

    /// What was booked late, after `id`, in the order of booking.
    static func readLate(
        after id: Int64,
        limit: Int,
        _ connection: any SQLConnection,
        row: (any SQLStatement) throws -> Void
    ) throws {
        _ = try connection.query(selectLate, .integer(id), .integer(Int64(limit)), row: row)
    }

    static func deleteLate(through id: Int64, limit: Int, _ connection: any SQLConnection) throws -> Int {
        try connection.execute(deleteLate, .integer(id), .integer(Int64(limit)))
    }

    static func delete(before end: Instant, limit: Int, _ connection: any SQLConnection) throws -> Int {
        try connection.execute(deleteOld, SQLValue(end), .integer(Int64(limit)))
    }
}
