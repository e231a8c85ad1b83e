import Domain

/// Price versions: what is in force, and how one is added.
enum PriceRows {
    /// A model's version in force at an instant. Versions made for at once are in force from then on, also should the
    /// clock have gone back since.
    static let selectInForce =
        "SELECT id, effective_from, rates FROM price_versions WHERE model_id = ? AND effective_from <= MAX(?, (SELECT MAX(created_at) FROM price_versions WHERE model_id = ?)) ORDER BY effective_from DESC, id DESC LIMIT 1"
    private static let isInForce =
        "p.id = (SELECT v.id FROM price_versions v WHERE v.model_id = p.model_id AND v.effective_from <= ? ORDER BY v.effective_from DESC, v.id DESC LIMIT 1)"
    private static let select =
        "SELECT p.id, p.model_id, p.effective_from, p.rates, p.created_at, m.name FROM price_versions p JOIN ai_models m ON m.id = p.model_id"
    static let selectOne = select + " WHERE p.id = ?"

    static func inForce(of model: ModelID, at now: Instant, _ connection: any SQLConnection) throws -> PriceVersion? {
        try connection.query(selectInForce, SQLValue(model), SQLValue(now), SQLValue(model)) { row in
            PriceVersion(
                id: row.id(0),
                modelID: model,
                effectiveFrom: row.instant(1),
                rates: try rates(row.text(2), of: row.id(0))
            )
        }.first
    }

    static func find(_ id: PriceVersionID, at now: Instant, _ connection: any SQLConnection) throws -> PriceRecord? {
        try connection.query(selectOne, SQLValue(id), row: version).first.map {
            try record($0, at: now, connection)
        }
    }

    static func page(_ query: PriceQuery, at now: Instant, _ connection: any SQLConnection) throws -> Page<PriceRecord>
    {
        var filter = SQLFilter()
        filter.equals("p.model_id", query.model.map { SQLValue($0) })
        if let instant = query.effectiveAt { filter.add(isInForce, SQLValue(instant)) }
        let order: String? =
            switch query.window.order {
            case .id: nil
            case .effectiveFrom: "p.effective_from"
            case .createdAt: "p.created_at"
            }
        let found = try SQLPage.read(
            select,
            from: "price_versions p",
            where: filter,
            order: order,
            key: "p.id",
            query.window,
            connection,
            row: version
        )
        return Page(count: found.count, items: try found.items.map { try record($0, at: now, connection) })
    }

    /// Adds a version from now on, unless it would only say again what is in force.
    /// - Returns: nil where nothing is new.
    static func add(_ rates: Rates, to model: ModelID, _ act: ActTransaction) throws -> PriceVersionID? {
        let current = try inForce(of: model, at: act.now, act.connection)
        if let current, current.rates == rates { return nil }
        // Should the clock have gone back, the newest version must still be the last.
        return try insert(rates, of: model, effectiveFrom: max(act.now, current?.effectiveFrom ?? act.now), act)
    }

    static func insert(
        _ rates: Rates,
        of model: ModelID,
        effectiveFrom: Instant,
        _ act: ActTransaction
    ) throws -> PriceVersionID {
        let id = try act.connection.insert(
            "INSERT INTO price_versions (model_id, effective_from, rates, created_at) VALUES (?, ?, ?, ?) RETURNING id",
            SQLValue(model),
            SQLValue(effectiveFrom),
            .text(RatesCoding.encode(rates)),
            SQLValue(act.now)
        )
        try act.touch("ai_models", row: model.rawValue)
        return PriceVersionID(id)
    }

    private struct Stored: Sendable {
        let version: PriceVersion
        let modelName: String
        let createdAt: Instant
    }

    private static func version(_ row: any SQLStatement) throws -> Stored {
        Stored(
            version: PriceVersion(
                id: row.id(0),
                modelID: row.id(1),
                effectiveFrom: row.instant(2),
                rates: try rates(row.text(3), of: row.id(0))
            ),
            modelName: row.text(5),
            createdAt: row.instant(4)
        )
    }

    private static func record(
        _ stored: Stored,
        at now: Instant,
        _ connection: any SQLConnection
    ) throws -> PriceRecord {
        PriceRecord(
            version: stored.version,
            modelName: stored.modelName,
            isCurrent: try inForce(of: stored.version.modelID, at: now, connection)?.id == stored.version.id,
            createdAt: stored.createdAt
        )
    }

    static func rates(_ text: String, of id: PriceVersionID) throws -> Rates {
        guard let rates = RatesCoding.decode(text) else {
            throw StorageError.unusable("price version \(id) cannot be read")
        }
        return rates
    }
}
