import Domain

/// What was given back of calls' charges, when it was given.
enum RefundRows {
    static let statements: [UsageDimension: String] = UsageDimension.allCases.reduce(into: [:]) {
        let id =
            switch $1 {
            case .all: "0"
            case .user: "r.user_id"
            case .key: "r.key_id"
            case .model: "r.model_id"
            case .provider: "r.provider_id"
            case .group: "r.group_id"
            case .keyAndModel:
                "CASE WHEN r.key_id BETWEEN 1 AND \(KeyAndModel.largestKey) AND r.model_id BETWEEN 1 AND \(KeyAndModel.largestModel) THEN r.key_id * \(KeyAndModel.largestModel + 1) + r.model_id ELSE 0 END"
            case .route: "r.route_id"
            }
        // The sign keeps SQLite from the index of lanes, of which nearly all entries have this one.
        $0[$1] =
            "SELECT e.created_at, \(id), -e.amount FROM ledger_entries e CROSS JOIN api_requests r ON r.id = e.call_id WHERE e.kind = 7 AND +e.lane = 1 AND e.created_at >= ? AND e.created_at < ?"
    }

    static func read(
        _ range: Range<Instant>,
        by dimension: UsageDimension,
        _ connection: any SQLConnection,
        row: (Instant, Int64, Int128) throws -> Void
    ) throws {
        guard let statement = statements[dimension] else { return }
        _ = try connection.query(statement, SQLValue(range.lowerBound), SQLValue(range.upperBound)) {
            try row($0.instant(0), $0.int64(1), Int128($0.int64(2)))
        }
    }
}
