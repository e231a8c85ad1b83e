import Domain

/// Quotas as the control plane shows them.
enum QuotaRecords {
    private static let from =
        "user_quotas q JOIN users u ON u.id = q.user_id JOIN model_groups g ON g.id = q.model_group_id JOIN quota_grants n ON n.quota_id = q.id"
    private static let select =
        "SELECT q.id, q.user_id, u.email, q.model_group_id, g.name, q.name, q.is_active, q.renewal, q.renewal_time_zone, q.renewal_amount, q.created_at, q.updated_at, q.warning_percents, "
        + LaneRows.grantColumns.split(separator: ", ").map { "n.\($0)" }.joined(separator: ", ") + " FROM " + from
    private static let isCurrent =
        "n.ordinal = (SELECT MAX(m.ordinal) FROM quota_grants m WHERE m.quota_id = q.id AND (m.starts_at <= ? OR m.ordinal = 1))"
    private static let selectOne = select + " WHERE \(isCurrent) AND q.id = ?"
    private static let selectPeriods =
        "SELECT \(LaneRows.grantColumns) FROM quota_grants WHERE quota_id = ? ORDER BY ordinal DESC LIMIT \(QuotaDetail.mostPeriods)"
    private static let selectEntries =
        "SELECT \(EntryRows.columns) FROM ledger_entries WHERE lane = 1 AND lane_id IN (SELECT id FROM quota_grants WHERE quota_id = ? ORDER BY ordinal DESC LIMIT \(QuotaDetail.mostPeriods)) ORDER BY id DESC LIMIT \(QuotaDetail.mostEntries)"

    static func find(_ id: QuotaID, now: Instant, _ connection: any SQLConnection) throws -> QuotaRecord? {
        try connection.query(selectOne, SQLValue(now), SQLValue(id)) { record($0, now: now) }.first
    }

    /// - Parameter owner: whose it has to be; nothing more is read of another's than of what is not there.
    static func detail(
        _ id: QuotaID,
        of owner: UserID? = nil,
        now: Instant,
        _ connection: any SQLConnection
    ) throws -> QuotaDetail? {
        guard let quota = try find(id, now: now, connection), owner == nil || quota.userID == owner else { return nil }
        return QuotaDetail(
            quota: quota,
            periods: try connection.query(selectPeriods, SQLValue(id)) { QuotaPeriod(LaneRows.grant($0), at: now) },
            entries: try connection.query(selectEntries, SQLValue(id), row: EntryRows.entry).compactMap(\.self)
        )
    }

    static func page(
        _ query: QuotaQuery,
        now: Instant,
        _ connection: any SQLConnection
    ) throws -> Page<QuotaRecord> {
        var filter = SQLFilter()
        filter.add(isCurrent, SQLValue(now))
        filter.contains(query.search, in: ["q.name", "u.email"])
        filter.equals("q.user_id", query.userID.map { SQLValue($0) })
        filter.equals("q.model_group_id", query.groupID.map { SQLValue($0) })
        filter.equals("q.is_active", query.isActive.map { SQLValue($0) })
        if let end = query.endsBefore { filter.add("n.ends_at < ?", SQLValue(end)) }
        let order: String? =
            switch query.window.order {
            case .id: nil
            case .name: "q.name"
            case .createdAt: "q.created_at"
            case .expiresAt: "n.ends_at"
            }
        return try SQLPage.read(
            select,
            from: from,
            where: filter,
            order: order,
            key: "q.id",
            query.window,
            connection
        ) { record($0, now: now) }
    }

    static func renewal(_ row: any SQLStatement, from first: Int) -> Renewal? {
        row.optionalText(first).flatMap(RenewalPeriod.init(rawValue:)).map {
            Renewal(period: $0, timeZone: row.text(first + 1), amount: row.money(first + 2))
        }
    }

    private static func record(_ row: any SQLStatement, now: Instant) -> QuotaRecord {
        QuotaRecord(
            id: row.id(0),
            userID: row.id(1),
            userEmail: row.text(2),
            groupID: row.id(3),
            groupName: row.text(4),
            name: row.text(5),
            isActive: row.bool(6),
            renewal: renewal(row, from: 7),
            warningPercents: row.optionalText(12).map(AlertRulesRows.numbers),
            period: QuotaPeriod(LaneRows.grant(row, from: 13), at: now),
            createdAt: row.instant(10),
            updatedAt: row.instant(11)
        )
    }
}
