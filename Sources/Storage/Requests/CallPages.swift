import Domain

/// Calls by their ids, newest first, a slice at a time.
///
/// Ids begin with the time, so a range of time is a range of the key; a user's calls have an index. Whatever else is asked
/// for is looked up row by row, in at most ``mostScanned`` rows a slice: then the slice ends, and says how far it came.
enum CallPages {
    static let mostScanned: Int64 = 5_000
    static let largest = 500

    private static let rows = "api_requests r"

    static func slice(_ query: CallQuery, _ connection: any SQLConnection) throws -> CallSlice {
        let isForward = query.isForward
        let limit = min(max(1, query.limit), largest)
        guard let range = range(of: query) else {
            return CallSlice(calls: [], older: nil, newer: nil, scannedThrough: nil)
        }
        let edge = try edge(range, of: query.userID, isForward: isForward, connection)
        var filter = range
        if let edge { filter.add(isForward ? "r.id <= ?" : "r.id >= ?", SQLValue(edge)) }
        add(query, to: &filter)
        let direction = isForward ? "" : " DESC"
        var calls = try connection.query(
            "\(CallRecords.select)\(filter.clause) ORDER BY r.id\(direction) LIMIT ?",
            values: filter.values + [.integer(Int64(limit + 1))],
            row: CallRecords.call
        ).compactMap(\.self)
        let isFull = calls.count > limit
        if isFull { calls.removeLast() }
        // Where the slice ended: at its last call, at the bound, or nowhere.
        let end = isFull ? calls.last?.bill.id : edge
        if isForward {
            calls.reverse()
            return CallSlice(
                calls: calls,
                older: calls.last?.bill.id ?? query.start,
                newer: end,
                scannedThrough: nil
            )
        }
        return CallSlice(
            calls: calls,
            older: end,
            newer: query.start == nil ? nil : calls.first?.bill.id ?? query.start,
            scannedThrough: isFull ? nil : edge.map(\.time)
        )
    }

    /// The row at which the bound is reached; nil where fewer rows are in the range.
    private static func edge(
        _ range: SQLFilter,
        of user: UserID?,
        isForward: Bool,
        _ connection: any SQLConnection
    ) throws -> CallID? {
        let direction = isForward ? "" : " DESC"
        return try connection.query(
            "SELECT r.id FROM \(rows)\(range.clause) ORDER BY r.id\(direction) LIMIT 1 OFFSET \(mostScanned - 1)",
            values: range.values
        ) { $0.callID(0) }.first ?? nil
    }

    /// What the key and the index of a user answer; nil where nothing can be.
    private static func range(of query: CallQuery) -> SQLFilter? {
        var filter = SQLFilter()
        filter.equals("r.user_id", query.userID.map { SQLValue($0) })
        switch query.cursor {
        case .before(let id): filter.add("r.id < ?", SQLValue(id))
        case .after(let id): filter.add("r.id > ?", SQLValue(id))
        case nil: break
        }
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

extension CallQuery {
    fileprivate var isForward: Bool { if case .after = cursor { true } else { false } }

    fileprivate var start: CallID? {
        switch cursor {
        case .before(let id), .after(let id): id
        case nil: nil
        }
    }
}
