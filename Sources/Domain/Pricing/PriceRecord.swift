/// A price version as the control plane shows one.
package struct PriceRecord: Hashable, Sendable {
    package let version: PriceVersion
    package let modelName: String
    /// In force now.
    package let isCurrent: Bool
    package let createdAt: Instant

    package init(version: PriceVersion, modelName: String, isCurrent: Bool, createdAt: Instant) {
        self.version = version
        self.modelName = modelName
        self.isCurrent = isCurrent
        self.createdAt = createdAt
    }
}

/// A page of price versions.
package struct PriceQuery: Hashable, Sendable {
    package enum Order: String, CaseIterable, Sendable {
        case id, effectiveFrom = "effective_from", createdAt = "created_at"
    }

    package var model: ModelID?
    /// Only what is in force then.
    package var effectiveAt: Instant?
    package var window = Window(order: Order.id)

    package init() {}
}

/// A model as an import of prices sees it.
package struct PricedModel: Hashable, Sendable {
    package let id: ModelID
    package let name: String
    /// What its first route calls it.
    package let upstreamModel: String?
    /// In force now.
    package let rates: Rates?

    package init(id: ModelID, name: String, upstreamModel: String?, rates: Rates?) {
        self.id = id
        self.name = name
        self.upstreamModel = upstreamModel
        self.rates = rates
    }
}

/// Where prices are kept: versions that are added and never edited. Each change is one transaction with its audit leaf and its
/// row in the change feed.
package protocol Prices: Sendable {
    func price(_ id: PriceVersionID) async throws(DeskError) -> PriceRecord?
    func prices(_ query: PriceQuery) async throws(DeskError) -> Page<PriceRecord>
    /// Adds a version.
    /// - Parameter effectiveFrom: nil: now. Calls that were quoted before keep what they were quoted under, so nothing begins
    ///   in the past.
    /// - Throws: `.refused(model, .unknown)`, `.refused(effective_from, .past)`.
    func create(
        of model: ModelID,
        _ rates: Rates,
        effectiveFrom: Instant?,
        by actor: Actor
    ) async throws(DeskError) -> PriceRecord
    /// Removes a version that no call can have been quoted under, as it begins a minute from now or later.
    /// - Throws: `.notFound`, `.conflict(.hasBegun)`.
    func remove(_ id: PriceVersionID, by actor: Actor) async throws(DeskError)
    /// All models, by name.
    func pricedModels() async throws(DeskError) -> [PricedModel]
    /// Gives models new prices from now on, in one transaction; those that have them already stay as they are.
    /// - Returns: how many are new.
    func price(_ models: [ModelID: Rates], by actor: Actor) async throws(DeskError) -> Int
}
