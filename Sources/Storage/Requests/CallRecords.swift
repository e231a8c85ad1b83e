import Domain

/// Calls as the request log shows them.
enum CallRecords {
    static let select =
        "SELECT \(BillRows.columns), r.user_id, u.email, r.key_id, k.name, r.model_id, r.provider_id, v.name, r.group_id, r.cost, r.ip_address, a.text, r.client_request_id, r.ended_at, r.price_version_id, o.upstream_model, r.charge, r.excess, r.output_limit, r.estimated_input_tokens, r.estimated_input_price, r.parts FROM \(BillRows.tables) LEFT JOIN users u ON u.id = r.user_id LEFT JOIN api_keys k ON k.id = r.key_id LEFT JOIN api_providers v ON v.id = r.provider_id LEFT JOIN user_agents a ON a.id = r.user_agent_id LEFT JOIN model_routes o ON o.id = r.route_id"
    private static let selectOne = select + " WHERE r.id = ?"
    private static let selectEntries =
        "SELECT \(EntryRows.columns) FROM ledger_entries WHERE call_id = ? ORDER BY id LIMIT 1000"
    private static let selectUsage = "SELECT usage FROM api_request_usage WHERE call_id = ?"

    static func owner(of id: CallID, _ connection: any SQLConnection) throws -> UserID? {
        try connection.query("SELECT user_id FROM api_requests WHERE id = ?", SQLValue(id)) { $0.id(0, UserID.self) }
            .first
    }

    /// Where the columns of a bill end.
    private static let first = BillRows.width

    static func call(_ row: any SQLStatement) -> CallRecord? {
        guard let bill = BillRows.bill(row) else { return nil }
        return CallRecord(
            bill: bill,
            user: Named(id: row.id(first), name: row.optionalText(first + 1)),
            key: Named(id: row.id(first + 2), name: row.optionalText(first + 3)),
            model: Named(id: row.id(first + 4), name: bill.modelName.isEmpty ? nil : bill.modelName),
            provider: Named(id: row.id(first + 5), name: row.optionalText(first + 6)),
            group: Named(id: row.id(first + 7), name: bill.groupName),
            cost: row.money(first + 8),
            clientAddress: row.text(first + 9),
            userAgent: row.optionalText(first + 10) ?? "",
            clientRequestID: row.optionalText(first + 11),
            endedAt: row.optionalInstant(first + 12)
        )
    }

    /// - Parameter cut: raw usage of calls that began before it is kept no longer, even if it is there still.
    static func detail(_ id: CallID, cut: Instant?, _ connection: any SQLConnection) throws -> CallDetail? {
        let isExpired = cut.map { id.time < $0 } ?? false
        let entries = try connection.query(selectEntries, SQLValue(id), row: EntryRows.entry).compactMap(\.self)
        let usage = try connection.query(selectUsage, SQLValue(id)) { String(decoding: $0.blob(0), as: UTF8.self) }
        return try connection.query(selectOne, SQLValue(id)) { row -> CallDetail? in
            guard let call = call(row) else { return nil }
            return CallDetail(
                call: call,
                priceVersion: row.id(first + 13),
                upstreamModel: row.optionalText(first + 14),
                firstCharge: row.money(first + 15),
                excess: row.money(first + 16),
                outputLimit: row.int64(first + 17),
                estimatedInputTokens: row.int64(first + 18),
                estimatedInputPrice: row.money(first + 19),
                parts: row.bytes(first + 20, HoldParts.decode) ?? [],
                entries: entries,
                rawUsage: isExpired ? nil : usage.first,
                isRawUsageExpired: isExpired
            )
        }.first ?? nil
    }
}
