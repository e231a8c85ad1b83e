import Domain

/// What the watch reads of quotas.
enum WatchRows {
    static let swept = 1_000
    private static let changesAtOnce = 1_000

    static let selectBooked =
        "SELECT dimension_id, requests, charge, corrections FROM usage_rollups WHERE bucket = ? AND dimension = \(UsageDimension.user.rawValue)"
    private static let grants =
        "SELECT \(LaneRows.grantColumns.split(separator: ", ").map { "n.\($0)" }.joined(separator: ", ")), q.name, q.renewal IS NOT NULL, q.is_active * u.is_active, q.warning_percents FROM quota_grants n JOIN user_quotas q ON q.id = n.quota_id JOIN users u ON u.id = n.user_id"
    private static let columns = LaneRows.grantColumns.split(separator: ",").count
    private static let selectOfUser =
        grants + " WHERE n.user_id = ? AND n.is_active = 1 AND (n.ends_at IS NULL OR n.ends_at > ?)"
    private static let selectOfQuota = grants + " WHERE n.quota_id = ? ORDER BY n.ordinal DESC LIMIT 2"
    static let selectSwept = grants + " WHERE n.id > ? ORDER BY n.id LIMIT \(swept)"
    private static let selectChanges =
        "SELECT id, kind, row_id FROM change_feed WHERE id > ? ORDER BY id LIMIT \(changesAtOnce)"
    private static let selectNewestChange = "SELECT COALESCE(MAX(id), 0) FROM change_feed"

    /// The quarter of an hour before that of `now`.
    static func quarterBefore(_ now: Instant) -> Int64 {
        RollupPlan.quarter(of: now).microseconds - RollupPlan.quarterMicroseconds
    }

    /// Each user for whom something was booked in a quarter or the one after it, with a number that any booking changes.
    static func booked(since quarter: Int64, _ connection: any SQLConnection) throws -> [UserID: Int64] {
        var booked: [UserID: Int64] = [:]
        for bucket in [quarter, quarter + RollupPlan.quarterMicroseconds] {
            // Weighed by the quarter, or what leaves one sum could be what enters the other.
            let weight = bucket / RollupPlan.quarterMicroseconds | 1
            for row in try connection.query(
                selectBooked,
                .integer(bucket),
                row: { ($0.id(0, UserID.self), $0.int64(1) &+ $0.int64(2) &+ $0.int64(3)) }
            ) {
                booked[row.0, default: 0] &+= row.1 &* weight
            }
        }
        return booked
    }

    static func grants(of user: UserID, at now: Instant, _ connection: any SQLConnection) throws -> [WatchedGrant] {
        try connection.query(selectOfUser, SQLValue(user), SQLValue(now), row: grant).compactMap(\.self)
    }

    /// The current period, and one that was made ahead.
    static func grants(ofQuota id: QuotaID, _ connection: any SQLConnection) throws -> [WatchedGrant] {
        try connection.query(selectOfQuota, SQLValue(id), row: grant).compactMap(\.self)
    }

    /// - Returns: where the next sweep goes on; 0 at the end.
    static func sweep(
        after id: GrantID,
        _ connection: any SQLConnection
    ) throws -> (grants: [WatchedGrant], next: GrantID) {
        var last = GrantID(0)
        var count = 0
        let grants = try connection.query(selectSwept, SQLValue(id)) { row in
            count += 1
            last = row.id(0)
            return grant(row)
        }
        return (grants.compactMap(\.self), count < swept ? GrantID(0) : last)
    }

    /// - Parameter read: nil: nothing, from the newest change on.
    static func changedQuotas(
        after read: Int64?,
        _ connection: any SQLConnection
    ) throws -> (quotas: Set<QuotaID>, read: Int64) {
        guard let read else {
            return ([], try connection.query(selectNewestChange) { $0.int64(0) }.first ?? 0)
        }
        let changes = try connection.query(selectChanges, .integer(read)) {
            (id: $0.int64(0), kind: $0.text(1), row: $0.id(2, QuotaID.self))
        }
        let quotas = changes.filter { $0.kind == ChangeKind.quota.rawValue }.map(\.row)
        return (Set(quotas), changes.last?.id ?? read)
    }

    /// - Returns: nil for what nobody may spend from.
    private static func grant(_ row: any SQLStatement) -> WatchedGrant? {
        guard row.bool(columns + 2) else { return nil }
        return WatchedGrant(
            grant: LaneRows.grant(row),
            quotaName: row.text(columns),
            renews: row.bool(columns + 1),
            thresholdPercents: row.optionalText(columns + 3).map(AlertRulesRows.numbers)
        )
    }
}
