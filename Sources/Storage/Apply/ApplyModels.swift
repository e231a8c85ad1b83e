import Domain

extension Applier {
    func applyModel(_ wish: DesiredModel, _ transaction: inout ApplyTransaction) throws {
        var provider: ProviderID?
        if let name = wish.providerName {
            provider = try transaction.id("api_providers", "name", name).map { ProviderID($0) }
            guard provider != nil else {
                throw ApplyProblem(line: wish.line, reason: "model '\(wish.name)': there is no provider '\(name)'")
            }
        }
        guard let row = try transaction.id("ai_models", "name", wish.name) else {
            return try create(wish, provider: provider, &transaction)
        }
        let id = ModelID(row)
        guard let stored = try ModelRows.find(id, at: transaction.now, transaction.connection) else { return }
        let details = wish.changes.applied(to: stored.details)
        try checkLimits(wish, details)
        var fields = try ModelRows.set(details, of: id, transaction.act)
        fields += try transaction.act.set(
            "ai_models",
            RateLimitColumns.values(wish.rateLimit),
            row: row
        )
        fields += try route(wish, model: id, provider: provider, transaction)
        if try price(wish, model: id, transaction) { fields.append("price") }
        if !fields.isEmpty { try transaction.record(.model, wish.name, row: row, .updated, fields: fields) }
    }

    private func create(_ wish: DesiredModel, provider: ProviderID?, _ transaction: inout ApplyTransaction) throws {
        guard let provider else {
            throw ApplyProblem(line: wish.line, reason: "model '\(wish.name)' is new and needs a provider")
        }
        guard let context = wish.contextLength else {
            throw ApplyProblem(line: wish.line, reason: "model '\(wish.name)' is new and needs a context_length")
        }
        let usual = ModelDetails(name: wish.name, contextLength: context, maxOutputTokens: wish.maxOutputTokens)
        let details = wish.changes.applied(to: usual)
        try checkLimits(wish, details)
        let row = try ModelRows.insert(details, transaction.act)
        _ = try transaction.act.set("ai_models", RateLimitColumns.values(wish.rateLimit), row: row)
        _ = try route(wish, model: ModelID(row), provider: provider, transaction)
        _ = try price(wish, model: ModelID(row), transaction)
        try transaction.record(.model, wish.name, row: row, .created)
    }

    private func checkLimits(_ wish: DesiredModel, _ details: ModelDetails) throws(ApplyProblem) {
        guard details.contradiction != nil else { return }
        throw ApplyProblem(
            line: wish.line,
            reason:
                "model '\(wish.name)': default_output_tokens (\(details.defaultOutputTokens)) must not exceed max_output_tokens (\(details.maxOutputTokens)), nor that context_length (\(details.contextLength))"
        )
    }

    private func route(
        _ wish: DesiredModel,
        model: ModelID,
        provider: ProviderID?,
        _ transaction: ApplyTransaction
    ) throws -> [String] {
        try RouteRows.lead(
            model,
            named: wish.name,
            by: .init(
                provider: provider,
                upstreamModel: wish.upstreamModel,
                costRates: wish.costRates.map { .some($0) }
            ),
            transaction.act
        )
    }

    /// A new price is a new version; running calls keep theirs. - Returns: true if there is one.
    private func price(_ wish: DesiredModel, model: ModelID, _ transaction: ApplyTransaction) throws -> Bool {
        guard let rates = wish.rates else { return false }
        return try PriceRows.add(rates, to: model, transaction.act) != nil
    }

    // MARK: - Groups

    func applyGroup(_ wish: DesiredGroup, _ transaction: inout ApplyTransaction) throws {
        var fields: [String] = []
        let found = try transaction.id("model_groups", "name", wish.name)
        let id: Int64
        if let found {
            id = found
            var changes = GroupChanges()
            changes.multiplier = wish.multiplier
            changes.description = wish.description
            changes.isActive = wish.isActive
            fields = try GroupRows.set(changes, of: id, transaction.act)
        } else {
            let new = NewGroup(
                name: wish.name,
                description: wish.description ?? "",
                multiplier: wish.multiplier ?? .one,
                isActive: wish.isActive ?? true,
                models: []
            )
            id = try GroupRows.insert(new, transaction.act)
        }
        var isAnyAdded = false
        for name in wish.models {
            guard let model = try transaction.id("ai_models", "name", name) else {
                throw ApplyProblem(line: wish.line, reason: "model group '\(wish.name)': there is no model '\(name)'")
            }
            if try GroupRows.add(ModelID(model), to: id, transaction.act) { isAnyAdded = true }
        }
        if isAnyAdded { fields.append("models") }
        if found == nil {
            try transaction.record(.modelGroup, wish.name, row: id, .created)
        } else if !fields.isEmpty {
            try transaction.record(.modelGroup, wish.name, row: id, .updated, fields: fields)
        }
    }
}
