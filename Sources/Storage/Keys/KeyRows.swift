import Domain

/// Our API keys as the control plane shows them.
enum KeyRows {
    private static let from =
        "api_keys k JOIN users u ON u.id = k.user_id LEFT JOIN api_key_limits l ON l.key_id = k.id AND k.has_spending_limit = 1"
    /// 2 is the roll-ups' dimension of keys.
    private static let select =
        "SELECT k.id, k.user_id, u.email, k.name, k.prefix, k.last_four, k.is_active, k.allowed_models, k.allowed_addresses, k.expires_at, CASE WHEN k.previous_until > ? THEN k.previous_until END, (SELECT MAX(r.bucket) FROM usage_rollups r WHERE r.dimension = 2 AND r.dimension_id = k.id), k.created_at, k.updated_at, l.key_id, l.funded, l.available, l.held, l.captured, l.forfeited, l.pending_clawback, \(RateLimitColumns.list(of: "k")), k.capture, k.is_playground FROM "
        + from

    static func find(_ id: APIKeyID, now: Instant, _ connection: any SQLConnection) throws -> KeyRecord? {
        let names = try modelNames(connection)
        return try connection.query(select + " WHERE k.id = ?", SQLValue(now), SQLValue(id)) { record($0, names) }.first
    }

    static func page(_ query: KeyQuery, now: Instant, _ connection: any SQLConnection) throws -> Page<KeyRecord> {
        var filter = SQLFilter()
        filter.contains(query.search, in: ["k.name", "u.email"])
        filter.equals("k.user_id", query.userID.map { SQLValue($0) })
        filter.equals("k.is_active", query.isActive.map { SQLValue($0) })
        let order: String? =
            switch query.window.order {
            case .id: nil
            case .name: "k.name"
            case .createdAt: "k.created_at"
            case .expiresAt: "k.expires_at"
            }
        let names = try modelNames(connection)
        return try SQLPage.read(
            select,
            selecting: [SQLValue(now)],
            from: from,
            where: filter,
            order: order,
            key: "k.id",
            query.window,
            connection
        ) { record($0, names) }
    }

    /// As the column keeps it: ids with commas between.
    static func text(_ models: [ModelID]) -> String { models.map(\.description).joined(separator: ",") }

    static func models(_ text: String) -> [ModelID] {
        text.split(separator: ",").compactMap { Int64($0) }.map { ModelID($0) }
    }

    private static func modelNames(_ connection: any SQLConnection) throws -> [ModelID: String] {
        let rows = try connection.query("SELECT id, name FROM ai_models") { ($0.id(0, ModelID.self), $0.text(1)) }
        return Dictionary(rows, uniquingKeysWith: { first, _ in first })
    }

    private static func record(_ row: any SQLStatement, _ names: [ModelID: String]) -> KeyRecord {
        KeyRecord(
            id: row.id(0),
            userID: row.id(1),
            userEmail: row.text(2),
            name: row.text(3),
            hint: "\(row.text(4))…\(row.text(5))",
            isActive: row.bool(6),
            isPlayground: row.bool(25),
            allowedModels: row.optionalText(7).map { text in
                models(text).map { ModelName(id: $0, name: names[$0] ?? "#\($0)") }
            },
            // As the data plane has it: a list that cannot be read allows nobody.
            allowedAddresses: row.optionalText(8).map { AllowedAddressesCoding.decode($0) ?? [] },
            rateLimit: RateLimitColumns.read(row, from: 21),
            capture: row.optionalText(24).flatMap(Capture.init(rawValue:)),
            expiresAt: row.optionalInstant(9),
            limit: row.isNull(14) ? nil : LaneRows.balance(row, from: 15),
            previousUntil: row.optionalInstant(10),
            lastUsedAt: row.optionalInstant(11),
            createdAt: row.instant(12),
            updatedAt: row.instant(13)
        )
    }
}
