import Domain

/// What people call the users, keys, models, providers and groups that sums are kept of.
enum DimensionNames {
    static func read(
        _ ids: [Int64],
        in dimension: UsageDimension,
        _ connection: any SQLConnection
    ) throws -> [Int64: String] {
        let select: String
        switch dimension {
        case .all, .keyAndModel, .route: return [:]
        case .user: select = "SELECT email FROM users WHERE id = ?"
        case .key:
            select =
                "SELECT u.email || ' / ' || k.name FROM api_keys k JOIN users u ON u.id = k.user_id WHERE k.id = ?"
        case .model: select = "SELECT name FROM ai_models WHERE id = ?"
        case .provider: select = "SELECT name FROM api_providers WHERE id = ?"
        case .group: select = "SELECT name FROM model_groups WHERE id = ?"
        }
        var names: [Int64: String] = [:]
        for id in ids { names[id] = try connection.query(select, .integer(id), row: { $0.text(0) }).first }
        return names
    }

    static func models(named names: [String], _ connection: any SQLConnection) throws -> [Int64] {
        try names.compactMap { name in
            try connection.query("SELECT id FROM ai_models WHERE name = ?", .text(name), row: { $0.int64(0) }).first
        }
    }

    static func keys(of user: UserID, _ connection: any SQLConnection) throws -> [Int64] {
        try connection.query("SELECT id FROM api_keys WHERE user_id = ?", SQLValue(user), row: { $0.int64(0) })
    }
}
