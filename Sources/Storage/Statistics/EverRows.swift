import Domain

/// Everything an id was ever counted with: UTC's one row, and what has not been folded into it.
enum EverRows {
    static func sums(
        _ dimension: UsageDimension,
        id: Int64,
        _ connection: any SQLConnection
    ) throws -> UsageSums {
        var sums = UsageSums()
        guard let utc = try ZoneRows.all(connection).first(where: { $0.id == ZoneRows.utcID }) else { return sums }
        try PeriodRows.read(
            utc.id,
            .ever,
            dimension,
            bucket: Instant(microseconds: 0),
            id: id,
            connection
        ) { RollupColumns.add($0, from: 2, to: &sums) }
        let unfolded = Instant(microseconds: utc.cursor.bucket)..<Instant(microseconds: .max)
        try QuarterRows.read(dimension, id: id, unfolded, connection) { row in
            if RollupKey(row, from: 0) > utc.cursor { RollupColumns.add(row, from: QuarterRows.firstFigure, to: &sums) }
        }
        try QuarterRows.readLate(after: utc.lateID, limit: RollupPlan.largestRead, connection) { row in
            let key = RollupKey(row, from: 0)
            if key <= utc.cursor, key.dimension == dimension.rawValue, key.id == id {
                RollupColumns.add(row, from: QuarterRows.firstFigure, to: &sums)
            }
        }
        return sums
    }
}
