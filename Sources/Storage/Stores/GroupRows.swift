import Domain

/// Model groups as the control plane shows them, and how `apply` and the API write them.
enum GroupRows {
    private static let select =
        "SELECT g.id, g.name, g.description, g.price_multiplier, g.is_active, g.created_at, g.updated_at FROM model_groups g"
    static let selectOne = select + " WHERE g.id = ?"

    static func find(_ id: ModelGroupID, _ connection: any SQLConnection) throws -> GroupRecord? {
        try connection.query(selectOne, SQLValue(id), row: stored).first.map { try record($0, connection) }
    }

    static func page(_ query: GroupQuery, _ connection: any SQLConnection) throws -> Page<GroupRecord> {
        var filter = SQLFilter()
        filter.contains(query.search, in: ["g.name", "g.description"])
        filter.equals("g.is_active", query.isActive.map { SQLValue($0) })
        if let model = query.model {
            filter.add(
                "EXISTS (SELECT 1 FROM model_group_models m WHERE m.group_id = g.id AND m.model_id = ?)",
                SQLValue(model)
            )
        }
        let order: String? =
            switch query.window.order {
            case .id: nil
            case .name: "g.name"
            case .createdAt: "g.created_at"
            }
        let found = try SQLPage.read(
            select,
            from: "model_groups g",
            where: filter,
            order: order,
            key: "g.id",
            query.window,
            connection,
            row: stored
        )
        return Page(count: found.count, items: try found.items.map { try record($0, connection) })
    }

    static func insert(_ new: NewGroup, _ act: ActTransaction) throws -> Int64 {
        try act.connection.insert(
            "INSERT INTO model_groups (name, description, price_multiplier, is_active, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
            .text(new.name),
            .text(new.description),
            .integer(new.multiplier.basisPoints),
            SQLValue(new.isActive),
            SQLValue(act.now),
            SQLValue(act.now)
        )
    }

    /// All but its models. - Returns: the names of what is new.
    static func set(_ changes: GroupChanges, of id: Int64, _ act: ActTransaction) throws -> [String] {
        try act.set(
            "model_groups",
            [
                ("name", changes.name.map { .text($0) }), ("description", changes.description.map { .text($0) }),
                ("price_multiplier", changes.multiplier.map { .integer($0.basisPoints) }),
                ("is_active", changes.isActive.map { SQLValue($0) }),
            ],
            row: id
        )
    }

    /// - Returns: true if it was not in the group.
    static func add(_ model: ModelID, to id: Int64, _ act: ActTransaction) throws -> Bool {
        try act.connection.execute(
            "INSERT INTO model_group_models (group_id, model_id) VALUES (?, ?) ON CONFLICT (group_id, model_id) DO NOTHING",
            .integer(id),
            SQLValue(model)
        ) > 0
    }

    /// Makes these the group's models, and no others. - Returns: true if any is new or gone.
    static func replace(_ models: Set<ModelID>, of id: Int64, _ act: ActTransaction) throws -> Bool {
        let old = Set(try members(of: ModelGroupID(id), act.connection).map(\.id))
        for model in old.subtracting(models) {
            try act.connection.execute(
                "DELETE FROM model_group_models WHERE group_id = ? AND model_id = ?",
                .integer(id),
                SQLValue(model)
            )
        }
        for model in models.subtracting(old) { _ = try add(model, to: id, act) }
        return old != models
    }

    private struct Stored: Sendable {
        let id: ModelGroupID
        let name: String
        let description: String
        let multiplier: Multiplier
        let isActive: Bool
        let createdAt: Instant
        let updatedAt: Instant
    }

    private static func stored(_ row: any SQLStatement) throws -> Stored {
        guard let multiplier = try? Multiplier(basisPoints: row.int64(3)) else {
            throw StorageError.unusable("model group \(row.int64(0)) has a multiplier of \(row.int64(3))")
        }
        return Stored(
            id: row.id(0),
            name: row.text(1),
            description: row.text(2),
            multiplier: multiplier,
            isActive: row.bool(4),
            createdAt: row.instant(5),
            updatedAt: row.instant(6)
        )
    }

    private static func record(_ stored: Stored, _ connection: any SQLConnection) throws -> GroupRecord {
        GroupRecord(
            id: stored.id,
            name: stored.name,
            description: stored.description,
            multiplier: stored.multiplier,
            isActive: stored.isActive,
            models: try members(of: stored.id, connection),
            createdAt: stored.createdAt,
            updatedAt: stored.updatedAt
        )
    }

    private static func members(
        of id: ModelGroupID,
        _ connection: any SQLConnection
    ) throws -> [GroupRecord.Member] {
        try connection.query(
            "SELECT m.id, m.name FROM model_group_models g JOIN ai_models m ON m.id = g.model_id WHERE g.group_id = ? ORDER BY m.name",
            SQLValue(id)
        ) { GroupRecord.Member(id: $0.id(0), name: $0.text(1)) }
    }
}
