import Domain

/// Models as the control plane shows them, and how `apply` and the API make them.
enum ModelRows {
    private static let select =
        "SELECT m.id, m.name, m.display_name, m.description, m.capabilities, m.context_length, m.max_output_tokens, m.default_output_tokens, m.prompt_overhead_tokens, m.is_active, m.created_at, m.updated_at FROM ai_models m"
    static let selectOne = select + " WHERE m.id = ?"

    static func find(_ id: ModelID, at now: Instant, _ connection: any SQLConnection) throws -> ModelRecord? {
        try connection.query(selectOne, SQLValue(id), row: stored).first.map { try record($0, at: now, connection) }
    }

    static func page(_ query: ModelQuery, at now: Instant, _ connection: any SQLConnection) throws -> Page<ModelRecord>
    {
        var filter = SQLFilter()
        filter.contains(query.search, in: ["m.name", "m.display_name"])
        filter.equals("m.is_active", query.isActive.map { SQLValue($0) })
        if let provider = query.provider {
            filter.add(
                "EXISTS (SELECT 1 FROM model_routes r WHERE r.model_id = m.id AND r.is_active = 1 AND r.provider_id = ?)",
                SQLValue(provider)
            )
        }
        if let group = query.group {
            filter.add(
                "EXISTS (SELECT 1 FROM model_group_models g WHERE g.model_id = m.id AND g.group_id = ?)",
                SQLValue(group)
            )
        }
        let order: String? =
            switch query.window.order {
            case .id: nil
            case .name: "m.name"
            case .displayName: "m.display_name"
            case .contextLength: "m.context_length"
            case .createdAt: "m.created_at"
            }
        let found = try SQLPage.read(
            select,
            from: "ai_models m",
            where: filter,
            order: order,
            key: "m.id",
            query.window,
            connection,
            row: stored
        )
        return Page(count: found.count, items: try found.items.map { try record($0, at: now, connection) })
    }

    static func insert(_ details: ModelDetails, _ act: ActTransaction) throws -> Int64 {
        try act.connection.insert(
            "INSERT INTO ai_models (name, display_name, description, capabilities, context_length, max_output_tokens, default_output_tokens, prompt_overhead_tokens, is_active, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
            .text(details.name),
            .text(details.displayName),
            .text(details.description),
            .text(WordList.encode(details.capabilities)),
            .integer(details.contextLength),
            .integer(details.maxOutputTokens),
            .integer(details.defaultOutputTokens),
            .integer(details.promptOverheadTokens),
            SQLValue(details.isActive),
            SQLValue(act.now),
            SQLValue(act.now)
        )
    }

    /// - Returns: the names of what is new.
    static func set(_ details: ModelDetails, of id: ModelID, _ act: ActTransaction) throws -> [String] {
        try act.set(
            "ai_models",
            [
                ("name", .text(details.name)), ("display_name", .text(details.displayName)),
                ("description", .text(details.description)),
                ("capabilities", .text(WordList.encode(details.capabilities))),
                ("context_length", .integer(details.contextLength)),
                ("max_output_tokens", .integer(details.maxOutputTokens)),
                ("default_output_tokens", .integer(details.defaultOutputTokens)),
                ("prompt_overhead_tokens", .integer(details.promptOverheadTokens)),
                ("is_active", SQLValue(details.isActive)),
            ],
            row: id.rawValue
        )
    }

    private struct Stored: Sendable {
        let id: ModelID
        let details: ModelDetails
        let createdAt: Instant
        let updatedAt: Instant
    }

    private static func stored(_ row: any SQLStatement) -> Stored {
        var details = ModelDetails(name: row.text(1), contextLength: row.int64(5), maxOutputTokens: row.int64(6))
        details.displayName = row.text(2)
        details.description = row.text(3)
        details.capabilities = WordList.decode(row.text(4))
        details.defaultOutputTokens = row.int64(7)
        details.promptOverheadTokens = row.int64(8)
        details.isActive = row.bool(9)
        return Stored(id: row.id(0), details: details, createdAt: row.instant(10), updatedAt: row.instant(11))
    }

    private static func record(
        _ stored: Stored,
        at now: Instant,
        _ connection: any SQLConnection
    ) throws -> ModelRecord {
        ModelRecord(
            id: stored.id,
            details: stored.details,
            routes: try RouteRows.all(of: stored.id, connection),
            price: try PriceRows.inForce(of: stored.id, at: now, connection),
            createdAt: stored.createdAt,
            updatedAt: stored.updatedAt
        )
    }
}

/// Words as a column keeps them: a JSON array of words that need no escapes.
enum WordList {
    static func encode(_ words: [String]) -> String { "[" + words.map { "\"\($0)\"" }.joined(separator: ",") + "]" }

    static func decode(_ text: String) -> [String] {
        text.split(separator: ",").map { $0.filter { !"[]\" ".contains($0) } }.filter { !$0.isEmpty }
    }
}
