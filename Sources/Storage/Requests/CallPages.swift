import Domain

/// Calls by their ids, newest first, a slice at a time.
///
/// Ids begin with the time, so a range of time is a range of the key; a user's calls have an index.
enum CallPages {
    static let largest = 500

    private static let slices = SQLSlice<CallID>(
        from: "api_requests r",
        key: "r.id",
        edge: "r.id",
        bind: { SQLValue($0) },
        readEdge: { row in row.callID(0).map { ($0, $0.time) } }
    )

    static func slice(
        _ query: CallQuery,
        _ connection: any SQLConnection
    ) throws -> ListSlice<CallRecord, CallID> {
        try slices.read(
            CallRecords.select,
            in: range(of: query),
            where: { add(query, to: &$0) },
            query.cursor,
            limit: min(max(1, query.limit), largest),
            connection,
            row: CallRecords.call,
            keyOf: \.bill.id
        )
    }

    /// What the key and the index of a user answer.
    private static func range(of query: CallQuery) -> SQLFilter {
        var filter = SQLFilter()
        filter.equals("r.user_id", query.userID.map { SQLValue($0) })
        if let from = query.from { filter.add("r.id >= ?", SQLValue(CallID.first(at: from))) }
        if let to = query.to {
            // Ids are of milliseconds; the columns below say the rest.
            let next = Instant(microseconds: to.microseconds.addingReportingOverflow(999).partialValue)
            filter.add("r.id < ?", SQLValue(CallID.first(at: next)))
        }
        if let search = query.search, let id = CallID(parsing: search) { filter.add("r.id = ?", SQLValue(id)) }
        return filter
    }

    private static func add(_ query: CallQuery, to filter: inout SQLFilter) {
        if let from = query.from { filter.add("r.created_at >= ?", SQLValue(from)) }
        if let to = query.to { filter.add("r.created_at < ?", SQLValue(to)) }
        filter.equals("r.key_id", query.keyID.map { SQLValue($0) })
        filter.equals("r.model_id", query.modelID.map { SQLValue($0) })
        filter.equals("r.provider_id", query.providerID.map { SQLValue($0) })
        filter.equals("r.group_id", query.groupID.map { SQLValue($0) })
        filter.equals("r.state", query.state.map { .integer($0.rawValue) })
        filter.equals("r.status_code", query.statusCode.map { .integer($0) })
        if let least = query.leastCharge { filter.add("r.charge >= ?", SQLValue(least)) }
        if let most = query.mostCharge { filter.add("r.charge <= ?", SQLValue(most)) }
        if query.flags != [] {
            filter.add("(r.flags & ?) = ?", .integer(query.flags.rawValue), .integer(query.flags.rawValue))
        }
        guard let search = query.search, !search.isEmpty, CallID(parsing: search) == nil else { return }
        let length = SQLValue.integer(Int64(search.unicodeScalars.count))
        if let (first, last) = CallID.range(ofPrefix: search) {
            filter.add(
                "(r.id BETWEEN ? AND ? OR substr(r.client_request_id, 1, ?) = ?)",
                SQLValue(first),
                SQLValue(last),
                length,
                .text(search)
            )
        } else {
            filter.add("substr(r.client_request_id, 1, ?) = ?", length, .text(search))
        }
    }
}
