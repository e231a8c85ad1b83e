import Domain

/// What joins sums of one dimension with those of another, and since when joint sums are kept.
enum FlowRows {
    private static let selectSince = "SELECT flows_since FROM statistics_marks WHERE id = 1"
    private static let selectOwners = SizedSQL {
        "SELECT id, user_id FROM api_keys WHERE id IN (\(SizedSQL.list("?", $0)))"
    }
    private static let selectEnds = SizedSQL {
        "SELECT id, model_id, provider_id FROM model_routes WHERE id IN (\(SizedSQL.list("?", $0)))"
    }

    /// Calls that began before are in no sum of keys and models at once, and in none of routes.
    static func since(_ connection: any SQLConnection) throws -> Instant {
        try connection.query(selectSince) { $0.instant(0) }.first ?? Instant(microseconds: 0)
    }

    static func owners(ofKeys keys: [Int64], _ connection: any SQLConnection) throws -> [Int64: Int64] {
        var owners: [Int64: Int64] = [:]
        try selectOwners.query(keys, connection, bind: { $1.bind($0, at: $2) }) { owners[$0.int64(0)] = $0.int64(1) }
        return owners
    }

    static func ends(ofRoutes routes: [Int64], _ connection: any SQLConnection) throws -> [Int64: RouteEnds] {
        var ends: [Int64: RouteEnds] = [:]
        try selectEnds.query(routes, connection, bind: { $1.bind($0, at: $2) }) { row in
            ends[row.int64(0)] = RouteEnds(model: row.int64(1), provider: row.int64(2))
        }
        return ends
    }
}
