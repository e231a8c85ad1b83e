package import Domain

/// Models in the database, with their routes and prices.
package struct ModelStore: Models {
    private let desk: ControlDesk

    package init(desk: ControlDesk) { self.desk = desk }

    package func model(_ id: ModelID) async throws(DeskError) -> ModelRecord? {
        try await desk.read { [desk] in try ModelRows.find(id, at: desk.clock(), $0) }
    }

    package func models(_ query: ModelQuery) async throws(DeskError) -> Page<ModelRecord> {
        try await desk.read { [desk] in try ModelRows.page(query, at: desk.clock(), $0) }
    }

    package func create(_ new: NewModel, by actor: Actor) async throws(DeskError) -> ModelRecord {
        try await desk.write { act in
            try act.expectFree(new.details.name, in: "ai_models")
            try Self.check(new.details)
            try Self.check(new.provider, act)
            let id = ModelID(try ModelRows.insert(new.details, act))
            _ = try RouteRows.lead(
                id,
                named: new.details.name,
                by: .init(provider: new.provider, upstreamModel: new.upstreamModel, costRates: .some(new.costRates)),
                act
            )
            if let rates = new.rates { _ = try PriceRows.add(rates, to: id, act) }
            try act.record(.model, row: id.rawValue, .created, by: actor)
            return try Self.found(id, act)
        }
    }

    package func update(
        _ id: ModelID,
        _ changes: ModelChanges,
        if precondition: Precondition,
        by actor: Actor
    ) async throws(DeskError) -> ModelRecord {
        try await desk.write { act in
            let now = try Self.found(id, act)
            try precondition.check(now.updatedAt)
            try act.expectFree(changes.name, in: "ai_models", besides: id.rawValue)
            let details = changes.applied(to: now.details)
            try Self.check(details)
            if let provider = changes.provider, provider != now.firstRoute?.providerID { try Self.check(provider, act) }
            var fields = try ModelRows.set(details, of: id, act)

            var wish = RouteRows.Wish(provider: changes.provider, upstreamModel: changes.upstreamModel)
            if !changes.costRates.isEmpty {
                let rates = changes.costRates.applied(to: now.firstRoute?.costRates)
                wish.costRates = .some(rates.isEmpty ? nil : try Self.whole(rates, prefix: "cost_"))
            }
            let isTurned = try RouteRows.lead(id, named: details.name, by: wish, act)
            if fields.isEmpty, !isTurned.isEmpty { try act.touch("ai_models", row: id.rawValue) }
            fields += isTurned
            if !changes.rates.isEmpty {
                let rates = try Self.whole(changes.rates.applied(to: now.price?.rates), prefix: "")
                if try PriceRows.add(rates, to: id, act) != nil { fields.append("price") }
            }
            if !fields.isEmpty { try act.record(.model, row: id.rawValue, .updated, fields: fields, by: actor) }
            return try Self.found(id, act)
        }
    }

    private static func found(_ id: ModelID, _ act: ActTransaction) throws -> ModelRecord {
        guard let model = try ModelRows.find(id, at: act.now, act.connection) else { throw DeskError.notFound }
        return model
    }

    private static func check(_ details: ModelDetails) throws(DeskError) {
        switch details.contradiction {
        case .maximumAboveContext: throw .refused(field: "max_output_tokens", .aboveContext)
        case .defaultAboveMaximum: throw .refused(field: "default_output_tokens", .aboveMaximum)
        case nil: break
        }
    }

    private static func check(_ provider: ProviderID, _ act: ActTransaction) throws {
        let found = try act.connection.query(
            "SELECT 1 FROM api_providers WHERE id = ? AND is_active = 1",
            SQLValue(provider)
        ) { $0.int64(0) }
        if found.isEmpty { throw DeskError.refused(field: "provider", .unknown) }
    }

    private static func whole(_ rates: Rates, prefix: String) throws(DeskError) -> Rates {
        guard let missing = rates.missingClass else { return rates }
        throw .refused(field: prefix + PriceName.perThousand(missing), .incompletePrice)
    }
}
