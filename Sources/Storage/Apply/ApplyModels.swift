import Domain

extension Applier {
    /// Injected where a request names no limit, unless the file says otherwise.
    private static let usualOutputTokens: Int64 = 4_096

    func applyModel(_ wish: DesiredModel, _ transaction: inout ApplyTransaction) throws {
        var provider: Int64?
        if let name = wish.providerName {
            provider = try transaction.id("api_providers", "name", name)
            guard provider != nil else {
                throw ApplyProblem(line: wish.line, reason: "model '\(wish.name)': there is no provider '\(name)'")
            }
        }
        guard let id = try transaction.id("ai_models", "name", wish.name) else {
            return try create(wish, provider: provider, &transaction)
        }
        var fields: [String] = []
        for (column, value) in Self.columns(wish) {
            if try transaction.set("ai_models", column, to: value, row: id) { fields.append(column) }
        }
        try checkLimits(wish, id, transaction)
        fields += try route(wish, model: id, provider: provider, transaction)
        if try price(wish, model: id, transaction) { fields.append("price") }
        if !fields.isEmpty { try transaction.record(.model, wish.name, row: id, .updated, fields: fields) }
    }

    private static func columns(_ wish: DesiredModel) -> [(String, SQLValue)] {
        var columns: [(String, SQLValue)] = []
        if let name = wish.displayName { columns.append(("display_name", .text(name))) }
        if let length = wish.contextLength { columns.append(("context_length", .integer(length))) }
        if let tokens = wish.maxOutputTokens { columns.append(("max_output_tokens", .integer(tokens))) }
        if let tokens = wish.defaultOutputTokens { columns.append(("default_output_tokens", .integer(tokens))) }
        if let tokens = wish.promptOverheadTokens { columns.append(("prompt_overhead_tokens", .integer(tokens))) }
        if let isActive = wish.isActive { columns.append(("is_active", SQLValue(isActive))) }
        return columns + RateLimitColumns.values(wish.rateLimit)
    }

    private func create(_ wish: DesiredModel, provider: Int64?, _ transaction: inout ApplyTransaction) throws {
        guard let provider else {
            throw ApplyProblem(line: wish.line, reason: "model '\(wish.name)' is new and needs a provider")
        }
        guard let context = wish.contextLength else {
            throw ApplyProblem(line: wish.line, reason: "model '\(wish.name)' is new and needs a context_length")
        }
        let most = wish.maxOutputTokens ?? context
        let id = try transaction.connection.insert(
            "INSERT INTO ai_models (name, display_name, context_length, max_output_tokens, default_output_tokens, prompt_overhead_tokens, is_active, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
            .text(wish.name),
            .text(wish.displayName ?? wish.name),
            .integer(context),
            .integer(most),
            .integer(wish.defaultOutputTokens ?? min(most, Self.usualOutputTokens)),
            .integer(wish.promptOverheadTokens ?? 512),
            SQLValue(wish.isActive ?? true),
            SQLValue(transaction.now),
            SQLValue(transaction.now)
        )
        for (column, value) in RateLimitColumns.values(wish.rateLimit) {
            _ = try transaction.set("ai_models", column, to: value, row: id)
        }
        try checkLimits(wish, id, transaction)
        _ = try route(wish, model: id, provider: provider, transaction)
        _ = try price(wish, model: id, transaction)
        try transaction.record(.model, wish.name, row: id, .created)
    }

    private func checkLimits(_ wish: DesiredModel, _ id: Int64, _ transaction: ApplyTransaction) throws {
        let rows = try transaction.connection.query(
            "SELECT context_length, max_output_tokens, default_output_tokens FROM ai_models WHERE id = ?",
            .integer(id)
        ) { ($0.int64(0), $0.int64(1), $0.int64(2)) }
        guard let (context, most, usual) = rows.first else { return }
        guard most <= context, usual <= most else {
            throw ApplyProblem(
                line: wish.line,
                reason:
                    "model '\(wish.name)': default_output_tokens (\(usual)) must not exceed max_output_tokens (\(most)), nor that context_length (\(context))"
            )
        }
    }

    /// Calls name the route they took, so a route is never turned to another place: the old one is put out of use.
    private func route(
        _ wish: DesiredModel,
        model: Int64,
        provider: Int64?,
        _ transaction: ApplyTransaction
    ) throws -> [String] {
        let connection = transaction.connection
        let first = try connection.query(
            "SELECT id, provider_id, upstream_model, cost_rates FROM model_routes WHERE model_id = ? AND is_active = 1 ORDER BY priority, id LIMIT 1",
            .integer(model)
        ) { (id: $0.int64(0), provider: $0.int64(1), upstream: $0.text(2), costs: $0.optionalText(3)) }.first
        let costs = wish.costRates.map(RatesCoding.encode) ?? first?.costs
        guard let target = provider ?? first?.provider else { return [] }
        let upstream = wish.upstreamModel ?? first?.upstream ?? wish.name
        if let first, first.provider == target, first.upstream == upstream {
            let isNew = try transaction.set("model_routes", "cost_rates", to: SQLValue(costs), row: first.id)
            return isNew ? ["cost"] : []
        }
        if let first { _ = try transaction.set("model_routes", "is_active", to: .integer(0), row: first.id) }
        try connection.execute(
            "INSERT INTO model_routes (model_id, provider_id, upstream_model, cost_rates, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (model_id, provider_id, upstream_model) DO UPDATE SET is_active = 1, cost_rates = excluded.cost_rates, updated_at = excluded.updated_at",
            .integer(model),
            .integer(target),
            .text(upstream),
            SQLValue(costs),
            SQLValue(transaction.now),
            SQLValue(transaction.now)
        )
        return ["route"]
    }

    /// A new price is a new version; running calls keep theirs. - Returns: true if there is one.
    private func price(_ wish: DesiredModel, model: Int64, _ transaction: ApplyTransaction) throws -> Bool {
        guard let rates = wish.rates else { return false }
        let text = RatesCoding.encode(rates)
        let current = try transaction.connection.query(
            "SELECT rates, effective_from FROM price_versions WHERE model_id = ? ORDER BY effective_from DESC, id DESC LIMIT 1",
            .integer(model)
        ) { ($0.text(0), $0.instant(1)) }.first
        if let current, current.0 == text { return false }
        // Should the clock have gone back, the newest version must still be the last.
        let effective = max(transaction.now, current?.1 ?? transaction.now)
        try transaction.connection.execute(
            "INSERT INTO price_versions (model_id, effective_from, rates, created_at) VALUES (?, ?, ?, ?)",
            .integer(model),
            SQLValue(effective),
            .text(text),
            SQLValue(transaction.now)
        )
        return true
    }

    // MARK: - Groups

    func applyGroup(_ wish: DesiredGroup, _ transaction: inout ApplyTransaction) throws {
        var fields: [String] = []
        let found = try transaction.id("model_groups", "name", wish.name)
        let id: Int64
        if let found {
            id = found
            if let multiplier = wish.multiplier,
                try transaction.set("model_groups", "price_multiplier", to: .integer(multiplier.basisPoints), row: id)
            {
                fields.append("price_multiplier")
            }
            if let text = wish.description,
                try transaction.set("model_groups", "description", to: .text(text), row: id)
            {
                fields.append("description")
            }
            if let isActive = wish.isActive,
                try transaction.set("model_groups", "is_active", to: SQLValue(isActive), row: id)
            {
                fields.append("is_active")
            }
        } else {
            id = try transaction.connection.insert(
                "INSERT INTO model_groups (name, description, price_multiplier, is_active, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
                .text(wish.name),
                .text(wish.description ?? ""),
                .integer((wish.multiplier ?? .one).basisPoints),
                SQLValue(wish.isActive ?? true),
                SQLValue(transaction.now),
                SQLValue(transaction.now)
            )
        }
        var added = 0
        for name in wish.models {
            guard let model = try transaction.id("ai_models", "name", name) else {
                throw ApplyProblem(line: wish.line, reason: "model group '\(wish.name)': there is no model '\(name)'")
            }
            added += try transaction.connection.execute(
                "INSERT INTO model_group_models (group_id, model_id) VALUES (?, ?) ON CONFLICT (group_id, model_id) DO NOTHING",
                .integer(id),
                .integer(model)
            )
        }
        if added > 0 { fields.append("models") }
        if found == nil {
            try transaction.record(.modelGroup, wish.name, row: id, .created)
        } else if !fields.isEmpty {
            try transaction.record(.modelGroup, wish.name, row: id, .updated, fields: fields)
        }
    }
}
