import Domain

/// Reads the whole catalogue in one snapshot.
enum CatalogRows {
    /// - Parameter open: gives a provider's sealed credential in the clear; nil where it does not open, and then the
    ///   provider counts as inactive: a call without its credential would only earn a 401.
    static func load(
        _ connection: any SQLConnection,
        open: (_ sealed: String, _ provider: ProviderID, _ version: Int64) -> Credential?
    ) throws -> Catalog {
        var providers: [ProviderID: Provider] = [:]
        for provider in try connection.query(
            "SELECT id, name, dialect, base_url, api_key, api_key_version, is_active FROM api_providers",
            row: { row -> Provider? in
                guard let dialect = DialectName(rawValue: row.text(2)), let url = try? BaseURL(parsing: row.text(3))
                else {
                    return nil
                }
                let id: ProviderID = row.id(0)
                let sealed = row.optionalText(4)
                let credential = sealed.flatMap { open($0, id, row.int64(5)) }
                return Provider(
                    id: id,
                    name: row.text(1),
                    dialect: dialect,
                    baseURL: url,
                    isActive: row.bool(6) && (sealed == nil || credential != nil),
                    credential: credential
                )
            }
        ) {
            if let provider { providers[provider.id] = provider }
        }

        var routes: [ModelID: [Route]] = [:]
        for (model, route) in try connection.query(
            "SELECT id, model_id, provider_id, upstream_model, weight, priority, is_active, cost_rates FROM model_routes ORDER BY priority, id",
            row: { row -> (ModelID, Route?) in
                let provider = providers[row.id(2)]
                return (
                    row.id(1),
                    provider.map {
                        Route(
                            id: row.id(0),
                            provider: $0,
                            upstreamModel: row.text(3),
                            weight: Int(clamping: row.int64(4)),
                            priority: Int(clamping: row.int64(5)),
                            isActive: row.bool(6),
                            costRates: row.optionalText(7).flatMap(RatesCoding.decode)
                        )
                    }
                )
            }
        ) {
            if let route { routes[model, default: []].append(route) }
        }

        var groups: [ModelID: [ModelGroup]] = [:]
        for (model, group) in try connection.query(
            "SELECT m.model_id, g.id, g.name, g.price_multiplier, g.is_active FROM model_group_models m JOIN model_groups g ON g.id = m.group_id ORDER BY g.id",
            row: { row -> (ModelID, ModelGroup?) in
                let multiplier = try? Multiplier(basisPoints: row.int64(3))
                return (
                    row.id(0),
                    multiplier.map {
                        ModelGroup(id: row.id(1), name: row.text(2), multiplier: $0, isActive: row.bool(4))
                    }
                )
            }
        ) {
            if let group { groups[model, default: []].append(group) }
        }

        var prices: [ModelID: [PriceVersion]] = [:]
        for (model, price) in try connection.query(
            "SELECT id, model_id, effective_from, rates FROM price_versions ORDER BY model_id, effective_from, id",
            row: { row -> (ModelID, PriceVersion?) in
                let model: ModelID = row.id(1)
                return (
                    model,
                    RatesCoding.decode(row.text(3)).map {
                        PriceVersion(id: row.id(0), modelID: model, effectiveFrom: row.instant(2), rates: $0)
                    }
                )
            }
        ) {
            if let price { prices[model, default: []].append(price) }
        }

        return Catalog(
            models: try connection.query(
                "SELECT m.id, m.name, m.is_active, m.created_at, m.context_length, m.max_output_tokens, m.default_output_tokens, m.prompt_overhead_tokens, \(RateLimitColumns.list(of: "m")) FROM ai_models m",
                row: { row in
                    let id: ModelID = row.id(0)
                    return Model(
                        id: id,
                        name: row.text(1),
                        isActive: row.bool(2),
                        createdAt: row.instant(3),
                        contextLength: row.int64(4),
                        maxOutputTokens: row.int64(5),
                        defaultOutputTokens: row.int64(6),
                        promptOverheadTokens: row.int64(7),
                        rateLimit: RateLimitColumns.read(row, from: 8),
                        routes: routes[id] ?? [],
                        groups: groups[id] ?? [],
                        prices: prices[id] ?? []
                    )
                }
            )
        )
    }
}
