import Domain

/// How models reach providers: the route that calls take, and turning a model to another.
enum RouteRows {
    static func all(of model: ModelID, _ connection: any SQLConnection) throws -> [RouteRecord] {
        try connection.query(
            "SELECT r.id, r.provider_id, p.name, r.upstream_model, r.weight, r.priority, r.is_active, r.cost_rates FROM model_routes r JOIN api_providers p ON p.id = r.provider_id WHERE r.model_id = ? ORDER BY r.is_active DESC, r.priority, r.id",
            SQLValue(model)
        ) { row in
            RouteRecord(
                id: row.id(0),
                providerID: row.id(1),
                providerName: row.text(2),
                upstreamModel: row.text(3),
                weight: row.int64(4),
                priority: row.int64(5),
                isActive: row.bool(6),
                costRates: row.optionalText(7).flatMap(RatesCoding.decode)
            )
        }
    }

    /// What is to be true of a model's first route; nil stays as it is.
    struct Wish {
        var provider: ProviderID?
        var upstreamModel: String?
        /// The inner nil: the list price.
        var costRates: Rates??
    }

    /// Calls name the route they took, so a route is never turned to another place: the old one is put out of use.
    /// - Returns: the names of what is new.
    static func lead(
        _ model: ModelID,
        named name: String,
        by wish: Wish,
        _ act: ActTransaction
    ) throws -> [String] {
        let first = try all(of: model, act.connection).first { $0.isActive }
        guard let target = wish.provider ?? first?.providerID else { return [] }
        let upstream = wish.upstreamModel ?? first?.upstreamModel ?? name
        let costs = (wish.costRates ?? first?.costRates).map(RatesCoding.encode)
        if let first, first.providerID == target, first.upstreamModel == upstream {
            let isNew = try act.set("model_routes", "cost_rates", to: SQLValue(costs), row: first.id.rawValue)
            return isNew ? ["cost"] : []
        }
        if let first { _ = try act.set("model_routes", "is_active", to: .integer(0), row: first.id.rawValue) }
        try act.connection.execute(
            "INSERT INTO model_routes (model_id, provider_id, upstream_model, cost_rates, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (model_id, provider_id, upstream_model) DO UPDATE SET is_active = 1, cost_rates = excluded.cost_rates, updated_at = excluded.updated_at",
            SQLValue(model),
            SQLValue(target),
            .text(upstream),
            SQLValue(costs),
            SQLValue(act.now),
            SQLValue(act.now)
        )
        return ["route"]
    }
}
