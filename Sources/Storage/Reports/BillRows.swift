import Domain

/// Calls as bills that can be read.
enum BillRows {
    static let columns =
        "r.id, m.name, g.name, r.endpoint, r.is_streamed, r.state, p.rates, r.price_multiplier, r.hold, r.charge, r.flags, r.status_code, r.created_at, r.duration_ms, r.first_byte_ms, r.provenance, \(TokenColumns.names), COALESCE((SELECT SUM(e.amount) FROM ledger_entries e WHERE e.call_id = r.id AND e.lane = 1 AND e.kind IN (6, 7)), 0)"
    /// How many ``columns`` there are.
    static let width = 26
    static let tables =
        "api_requests r LEFT JOIN ai_models m ON m.id = r.model_id LEFT JOIN model_groups g ON g.id = r.group_id LEFT JOIN price_versions p ON p.id = r.price_version_id"
    private static let select = "SELECT \(columns) FROM \(tables)"
    private static let newest = select + " WHERE r.user_id = ? ORDER BY r.id DESC LIMIT ?"
    private static let one = select + " WHERE r.id = ? AND r.user_id = ?"

    static func recent(
        of user: UserID,
        limit: Int,
        request: CallID?,
        _ connection: any SQLConnection
    ) throws -> [BillReport] {
        let rows =
            if let request {
                try connection.query(one, SQLValue(request), SQLValue(user), row: bill)
            } else {
                try connection.query(newest, SQLValue(user), .integer(Int64(limit)), row: bill)
            }
        return rows.compactMap(\.self)
    }

    static func bill(_ row: any SQLStatement) -> BillReport? {
        guard let id = row.callID(0), let state = CallState(rawValue: row.int64(5)) else { return nil }
        let hasEnded = state == .captured || state == .voided
        let (charge, isOver) = row.int64(9).addingReportingOverflow(row.int64(25))
        return BillReport(
            id: id,
            modelName: row.optionalText(1) ?? "",
            groupName: row.optionalText(2),
            endpoint: Endpoint(rawValue: row.int64(3)),
            isStreamed: row.bool(4),
            state: state,
            usage: TokenColumns.usage(row, from: 16, provenance: 15),
            rates: row.optionalText(6).flatMap(RatesCoding.decode),
            multiplier: (try? Multiplier(basisPoints: row.int64(7))) ?? .one,
            hold: row.money(8),
            charge: Money(picoDollars: isOver ? .max : charge),
            flags: BillFlags(rawValue: row.int64(10)),
            statusCode: Int(clamping: row.int64(11)),
            startedAt: row.instant(12),
            durationMilliseconds: hasEnded ? row.int64(13) : nil,
            firstByteMilliseconds: row.optionalInt64(14)
        )
    }
}
