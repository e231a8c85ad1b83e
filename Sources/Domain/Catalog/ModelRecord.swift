/// A model as the control plane shows one.
package struct ModelRecord: Hashable, Sendable {
    package let id: ModelID
    package let details: ModelDetails
    /// By priority, those in use first.
    package let routes: [RouteRecord]
    /// The list price in force; nil: calls are refused.
    package let price: PriceVersion?
    package let createdAt: Instant
    package let updatedAt: Instant

    package init(
        id: ModelID,
        details: ModelDetails,
        routes: [RouteRecord],
        price: PriceVersion?,
        createdAt: Instant,
        updatedAt: Instant
    ) {
        self.id = id
        self.details = details
        self.routes = routes
        self.price = price
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }

    /// The one that calls take.
    package var firstRoute: RouteRecord? { routes.first { $0.isActive } }
}

/// What is said of a model itself.
package struct ModelDetails: Hashable, Sendable {
    /// Injected where a request names no limit, unless something else is said.
    package static let usualOutputTokens: Int64 = 4_096
    package static let usualOverheadTokens: Int64 = 512

    package var name: String
    package var displayName: String
    package var description = ""
    /// Words such as `vision`, for people and programs that choose.
    package var capabilities: [String] = []
    package var contextLength: Int64
    package var maxOutputTokens: Int64
    package var defaultOutputTokens: Int64
    package var promptOverheadTokens = Self.usualOverheadTokens
    package var isActive = true

    /// With limits as they usually are.
    package init(name: String, contextLength: Int64, maxOutputTokens: Int64? = nil) {
        self.name = name
        displayName = name
        self.contextLength = contextLength
        self.maxOutputTokens = maxOutputTokens ?? contextLength
        defaultOutputTokens = min(self.maxOutputTokens, Self.usualOutputTokens)
    }

    /// Limits that contradict each other.
    package enum Contradiction: Hashable, Sendable { case maximumAboveContext, defaultAboveMaximum }

    package var contradiction: Contradiction? {
        if maxOutputTokens > contextLength { return .maximumAboveContext }
        return defaultOutputTokens > maxOutputTokens ? .defaultAboveMaximum : nil
    }
}

/// How a model reaches a provider, as the control plane shows it.
package struct RouteRecord: Hashable, Sendable {
    package let id: RouteID
    package let providerID: ProviderID
    package let providerName: String
    package let upstreamModel: String
    package let weight: Int64
    package let priority: Int64
    package let isActive: Bool
    /// Nil: the list price.
    package let costRates: Rates?

    package init(
        id: RouteID,
        providerID: ProviderID,
        providerName: String,
        upstreamModel: String,
        weight: Int64,
        priority: Int64,
        isActive: Bool,
        costRates: Rates?
    ) {
        self.id = id
        self.providerID = providerID
        self.providerName = providerName
        self.upstreamModel = upstreamModel
        self.weight = weight
        self.priority = priority
        self.isActive = isActive
        self.costRates = costRates
    }
}

/// A model to be made, with the way to its provider.
package struct NewModel: Sendable {
    package let details: ModelDetails
    package let provider: ProviderID
    package let upstreamModel: String
    /// Nil: calls are refused until there is one.
    package let rates: Rates?
    package let costRates: Rates?

    package init(details: ModelDetails, provider: ProviderID, upstreamModel: String, rates: Rates?, costRates: Rates?) {
        self.details = details
        self.provider = provider
        self.upstreamModel = upstreamModel
        self.rates = rates
        self.costRates = costRates
    }
}

/// What is to change of a model; nil stays.
package struct ModelChanges: Sendable {
    package var name: String?
    package var displayName: String?
    package var description: String?
    package var capabilities: [String]?
    package var contextLength: Int64?
    package var maxOutputTokens: Int64?
    package var defaultOutputTokens: Int64?
    package var promptOverheadTokens: Int64?
    package var isActive: Bool?
    package var provider: ProviderID?
    package var upstreamModel: String?
    /// A change of the list price is a new version from now on.
    package var rates = RatesChange()
    package var costRates = RatesChange()

    package init() {}

    package func applied(to details: ModelDetails) -> ModelDetails {
        var changed = details
        changed.name = name ?? details.name
        changed.displayName = displayName ?? details.displayName
        changed.description = description ?? details.description
        changed.capabilities = capabilities ?? details.capabilities
        changed.contextLength = contextLength ?? details.contextLength
        changed.maxOutputTokens = maxOutputTokens ?? details.maxOutputTokens
        changed.defaultOutputTokens = defaultOutputTokens ?? details.defaultOutputTokens
        changed.promptOverheadTokens = promptOverheadTokens ?? details.promptOverheadTokens
        changed.isActive = isActive ?? details.isActive
        return changed
    }
}

/// A page of models.
package struct ModelQuery: Hashable, Sendable {
    package enum Order: String, CaseIterable, Sendable {
        case id, name, displayName = "display_name", contextLength = "context_length", createdAt = "created_at"
    }

    /// In name or display name, any case.
    package var search: String?
    package var isActive: Bool?
    /// With an active route to it.
    package var provider: ProviderID?
    package var group: ModelGroupID?
    package var window = Window(order: Order.id)

    package init() {}
}

/// Where models are kept, with their routes. Each change is one transaction with its audit leaf and its row in the change feed.
package protocol Models: Sendable {
    func model(_ id: ModelID) async throws(DeskError) -> ModelRecord?
    func models(_ query: ModelQuery) async throws(DeskError) -> Page<ModelRecord>
    /// - Throws: `.taken`, `.refused`.
    func create(_ new: NewModel, by actor: Actor) async throws(DeskError) -> ModelRecord
    /// - Throws: `.notFound`, `.taken`, `.refused`, `.stale`.
    func update(
        _ id: ModelID,
        _ changes: ModelChanges,
        if precondition: Precondition,
        by actor: Actor
    ) async throws(DeskError) -> ModelRecord
}
