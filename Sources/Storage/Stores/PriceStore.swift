package import Domain

/// Price versions in the database.
package struct PriceStore: Prices {
    /// Longer than clocks of servers differ and a quoted call waits: no call can have a version that begins later.
    private static let removalMarginMicroseconds: Int64 = 60_000_000

    private let desk: ControlDesk

    package init(desk: ControlDesk) { self.desk = desk }

    package func price(_ id: PriceVersionID) async throws(DeskError) -> PriceRecord? {
        try await desk.read { [desk] in try PriceRows.find(id, at: desk.clock(), $0) }
    }

    package func prices(_ query: PriceQuery) async throws(DeskError) -> Page<PriceRecord> {
        try await desk.read { [desk] in try PriceRows.page(query, at: desk.clock(), $0) }
    }

    package func create(
        of model: ModelID,
        _ rates: Rates,
        effectiveFrom: Instant?,
        by actor: Actor
    ) async throws(DeskError) -> PriceRecord {
        try await desk.write { act in
            guard try act.isThere("ai_models", model) else {
                throw DeskError.refused(field: "model", .unknown)
            }
            let current = try PriceRows.inForce(of: model, at: act.now, act.connection)
            // Also should the clock have gone back.
            let earliest = max(act.now, current?.effectiveFrom ?? act.now)
            if let effectiveFrom, effectiveFrom < earliest { throw DeskError.refused(field: "effective_from", .past) }
            let id = try PriceRows.insert(rates, of: model, effectiveFrom: effectiveFrom ?? earliest, act)
            try act.record(.price, row: id.rawValue, .created, by: actor)
            guard let price = try PriceRows.find(id, at: act.now, act.connection) else { throw DeskError.notFound }
            return price
        }
    }

    package func remove(_ id: PriceVersionID, by actor: Actor) async throws(DeskError) {
        try await desk.write { act in
            guard let price = try PriceRows.find(id, at: act.now, act.connection) else { throw DeskError.notFound }
            let (soon, overflow) = act.now.microseconds.addingReportingOverflow(Self.removalMarginMicroseconds)
            guard !overflow, price.version.effectiveFrom.microseconds >= soon else {
                throw DeskError.conflict(.hasBegun)
            }
            try act.connection.execute("DELETE FROM price_versions WHERE id = ?", SQLValue(id))
            try act.record(.price, row: id.rawValue, .removed, by: actor)
        }
    }

    package func pricedModels() async throws(DeskError) -> [PricedModel] {
        try await desk.read { [desk] connection in
            let models = try connection.query(
                "SELECT m.id, m.name, (SELECT r.upstream_model FROM model_routes r WHERE r.model_id = m.id AND r.is_active = 1 ORDER BY r.priority, r.id LIMIT 1) FROM ai_models m ORDER BY m.name"
            ) { (id: $0.id(0, ModelID.self), name: $0.text(1), upstream: $0.optionalText(2)) }
            let now = desk.clock()
            return try models.map { model in
                PricedModel(
                    id: model.id,
                    name: model.name,
                    upstreamModel: model.upstream,
                    rates: try PriceRows.inForce(of: model.id, at: now, connection)?.rates
                )
            }
        }
    }

    package func price(_ models: [ModelID: Rates], by actor: Actor) async throws(DeskError) -> Int {
        try await desk.write { act in
            var count = 0
            for (model, rates) in models.sorted(by: { $0.key < $1.key })
            where try act.isThere("ai_models", model) {
                guard let id = try PriceRows.add(rates, to: model, act) else { continue }
                try act.record(.price, row: id.rawValue, .created, by: actor)
                count += 1
            }
            return count
        }
    }
}
