import Domain

/// Sums of local days, of local months and of everything, by zone.
enum PeriodRows {
    private static let key = ["zone_id", "span", "dimension", "bucket", "dimension_id"]
    private static let upsert = RollupColumns.upsert(into: "usage_periods", key: key)
    static let selectRange =
        "SELECT bucket, dimension_id, \(RollupColumns.names), is_saturated FROM usage_periods WHERE zone_id = ? AND span = ? AND dimension = ? AND bucket >= ? AND bucket < ?"
    static let selectOne =
        "SELECT bucket, dimension_id, \(RollupColumns.names), is_saturated FROM usage_periods WHERE zone_id = ? AND span = ? AND dimension = ? AND bucket = ? AND dimension_id = ?"
    static let selectSpan =
        "SELECT bucket, dimension_id, \(RollupColumns.names), is_saturated FROM usage_periods WHERE zone_id = ? AND span = ? AND dimension = ? AND bucket = ? AND dimension_id >= ? AND dimension_id <= ?"
    private static let deleteSome =
        "DELETE FROM usage_periods WHERE zone_id = ? AND (span, dimension, bucket, dimension_id) IN (SELECT span, dimension, bucket, dimension_id FROM usage_periods WHERE zone_id = ? LIMIT ?)"

    /// Adds sums to the rows of a zone, in the order of their keys.
    static func add(_ sums: PeriodSums, to zone: Int64, _ connection: any SQLConnection) throws {
        let statement = try connection.prepare(upsert)
        for (key, sum) in sums.sums.sorted(by: { $0.key < $1.key }) {
            defer { statement.reset() }
            statement.bind(zone, at: 1)
            statement.bind(key.span.rawValue, at: 2)
            statement.bind(key.dimension, at: 3)
            statement.bind(key.bucket, at: 4)
            statement.bind(key.id, at: 5)
            RollupColumns.bind(sum.delta, isSaturated: sum.isSaturated, at: 6, to: statement)
            _ = try statement.step()
        }
    }

    /// Rows of a dimension in a range: bucket, id, figures.
    static func read(
        _ zone: Int64,
        _ span: RollupPlan.Span,
        _ dimension: UsageDimension,
        _ range: Range<Instant>,
        _ connection: any SQLConnection,
        row: (any SQLStatement) throws -> Void
    ) throws {
        _ = try connection.query(
            selectRange,
            .integer(zone),
            .integer(span.rawValue),
            .integer(dimension.rawValue),
            SQLValue(range.lowerBound),
            SQLValue(range.upperBound),
            row: row
        )
    }

    /// The row of one id, if there is any.
    static func read(
        _ zone: Int64,
        _ span: RollupPlan.Span,
        _ dimension: UsageDimension,
        bucket: Instant,
        id: Int64,
        _ connection: any SQLConnection,
        row: (any SQLStatement) throws -> Void
    ) throws {
        _ = try connection.query(
            selectOne,
            .integer(zone),
            .integer(span.rawValue),
            .integer(dimension.rawValue),
            SQLValue(bucket),
            .integer(id),
            row: row
        )
    }

    /// The rows of neighbouring ids.
    static func read(
        _ zone: Int64,
        _ span: RollupPlan.Span,
        _ dimension: UsageDimension,
        bucket: Instant,
        ids: ClosedRange<Int64>,
        _ connection: any SQLConnection,
        row: (any SQLStatement) throws -> Void
    ) throws {
        _ = try connection.query(
            selectSpan,
            .integer(zone),
            .integer(span.rawValue),
            .integer(dimension.rawValue),
            SQLValue(bucket),
            .integer(ids.lowerBound),
            .integer(ids.upperBound),
            row: row
        )
    }

    /// - Returns: how many of a zone's rows went.
    static func delete(_ count: Int, of zone: Int64, _ connection: any SQLConnection) throws -> Int {
        try connection.execute(deleteSome, .integer(zone), .integer(zone), .integer(Int64(count)))
    }
}
