import Domain

/// What the watch reads of a user's spending.
enum SpendRows {
    private static let pastHours: Int64 = 7 * 24
    private static let quarters: Int64 = 4
    private static let select =
        "SELECT bucket, charge, corrections FROM usage_rollups WHERE dimension = \(UsageDimension.user.rawValue) AND dimension_id = ? AND bucket > ? AND bucket <= ?"

    /// Whether the hour that ends with the running quarter is unusual, and was not raised today.
    static func alerts(
        of user: UserID,
        rules: AlertRules,
        now: Instant,
        _ connection: any SQLConnection
    ) throws -> [Alert] {
        let newest = RollupPlan.quarter(of: now).microseconds
        // Most look no further than this hour.
        guard let hour = try hours(1, of: user, through: newest, connection).first, hour >= rules.unusualSpendFloor
        else {
            return []
        }
        let hours = try hours(1 + pastHours, of: user, through: newest, connection)
        let alert = UnusualSpend.alert(
            of: user,
            hour: hour,
            past: Array(hours.dropFirst()),
            rules: rules,
            day: now.microseconds / 86_400_000_000
        )
        return try [alert].compactMap(\.self).filter { try !AlertRows.isRaised($0, connection) }
    }

    /// Sums of hours that end with the quarter `newest`, the newest first.
    private static func hours(
        _ count: Int64,
        of user: UserID,
        through newest: Int64,
        _ connection: any SQLConnection
    ) throws -> [Money] {
        let quarter = RollupPlan.quarterMicroseconds
        var sums = [Int128](repeating: 0, count: Int(count))
        let rows = try connection.query(
            select,
            SQLValue(user),
            .integer(newest - count * quarters * quarter),
            .integer(newest)
        ) { (bucket: $0.int64(0), sum: Int128($0.int64(1)) + Int128($0.int64(2))) }
        for row in rows { sums[Int((newest - row.bucket) / quarter / quarters)] += row.sum }
        return sums.map { Money(saturating: $0) }
    }
}
