package import Domain

/// Reads reports, on threads and (where the database has them apart) connections of their own.
package struct StorageReports: UsageReports {
    /// As many threads as reports have reading connections.
    static let width = 2

    private let database: any Database
    private let threads = StorageReports.threads()
    private let now: @Sendable () -> Instant

    package init(database: any Database, now: @escaping @Sendable () -> Instant) {
        self.database = database
        self.now = now
    }

    static func threads() -> BoundedThreads {
        BoundedThreads(label: "tokenaudit.reports", width: width, waiting: 254)
    }

    package func usage(of user: UserID, limit: Int, request: CallID?) async throws -> UsageReport {
        let (database, now) = (database, now())
        return try await threads.run {
            try database.read { connection in
                UsageReport(
                    quotas: try QuotaRows.standings(of: user, now: now, connection),
                    totals: try totals(of: user, connection),
                    recent: try BillRows.recent(of: user, limit: limit, request: request, connection)
                )
            }
        }
    }

    private func totals(of user: UserID, _ connection: any SQLConnection) throws -> UsageTotals {
        let sums = try EverRows.sums(.user, id: user.rawValue, connection)
        return UsageTotals(
            requests: Int64(clamping: sums[.requests]),
            inputTokens: Int64(clamping: sums.inputTokens),
            outputTokens: Int64(clamping: sums.outputTokens),
            charge: sums.spend
        )
    }
}

/// A user's quotas as they stand.
enum QuotaRows {
    private static let select =
        "SELECT q.id, q.name, g.name, q.is_active, n.starts_at, n.ends_at, n.is_active, n.funded, n.held, n.captured, n.forfeited, n.available FROM user_quotas q JOIN model_groups g ON g.id = q.model_group_id JOIN quota_grants n ON n.quota_id = q.id WHERE q.user_id = ? AND n.ordinal = (SELECT MAX(m.ordinal) FROM quota_grants m WHERE m.quota_id = q.id AND (m.starts_at <= ? OR m.ordinal = 1)) ORDER BY q.id"

    /// Each quota with its current grant. What an ended grant has left is nobody's any more and not shown as remaining.
    static func standings(of user: UserID, now: Instant, _ connection: any SQLConnection) throws -> [QuotaStanding] {
        try connection.query(select, SQLValue(user), SQLValue(now)) { row in
            let endsAt = row.optionalInstant(5)
            let isOver = !row.bool(6) || (endsAt.map { $0 <= now } ?? false)
            let (held, captured, available) = (row.int64(8), row.int64(9), isOver ? 0 : row.int64(11))
            // Each part is at most the grant's funds: the sum cannot leave Int64.
            return QuotaStanding(
                id: row.id(0),
                name: row.text(1),
                groupName: row.text(2),
                total: Money(picoDollars: captured + held + available),
                used: Money(picoDollars: captured),
                held: Money(picoDollars: held),
                remaining: Money(picoDollars: available),
                expiresAt: endsAt,
                isActive: row.bool(3) && !isOver
            )
        }
    }
}
