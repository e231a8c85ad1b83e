/// A configured upstream account, as calls are forwarded to it.
package struct Provider: Hashable, Sendable {
    package let id: ProviderID
    package let name: String
    package let dialect: DialectName
    package let baseURL: BaseURL
    package let isActive: Bool
    /// Their secret for us; nil where the upstream asks for none.
    package let credential: Credential?

    package init(
        id: ProviderID,
        name: String,
        dialect: DialectName,
        baseURL: BaseURL,
        isActive: Bool,
        credential: Credential?
    ) {
        self.id = id
        self.name = name
        self.dialect = dialect
        self.baseURL = baseURL
        self.isActive = isActive
        self.credential = credential
    }
}

/// The member of a request by which an upstream bounds its output.
package enum OutputLimitName: String, Sendable, CaseIterable {
    case maxTokens = "max_tokens"
    /// OpenAI's own: its reasoning models answer 400 to `max_tokens`, and any of its models to both.
    case maxCompletionTokens = "max_completion_tokens"
}

extension Provider {
    /// Which limit is obeyed here. All servers of this dialect know `max_tokens`, and many no other; only OpenAI and Azure
    /// gave it up for chats.
    package func outputLimitName(of endpoint: Endpoint) -> OutputLimitName {
        guard endpoint == .chatCompletions else { return .maxTokens }
        let host = baseURL.host.hasSuffix(".") ? baseURL.host.dropLast() : baseURL.host[...]
        let isOpenAI =
            host == "api.openai.com" || host.hasSuffix(".api.openai.com") || host.hasSuffix(".openai.azure.com")
        return isOpenAI ? .maxCompletionTokens : .maxTokens
    }
}

/// A wire format.
package enum DialectName: String, Sendable, CaseIterable {
    case openai
}

/// A provider's secret. It prints as `••••`, so that no log, error or mirror can carry it.
package struct Credential: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable
{
    package let secret: String

    package init(_ secret: String) { self.secret = secret }

    package static func == (left: Credential, right: Credential) -> Bool {
        ConstantTime.isEqual(left.secret.utf8, right.secret.utf8)
    }

    package var description: String { "••••" }
    package var debugDescription: String { "••••" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// How one model reaches one provider.
package struct Route: Hashable, Sendable {
    package let id: RouteID
    package let provider: Provider
    package let upstreamModel: String
    package let weight: Int
    /// Lower goes first.
    package let priority: Int
    package let isActive: Bool
    /// What the provider takes from us; nil: the customer's list price.
    package let costRates: Rates?

    package init(
        id: RouteID,
        provider: Provider,
        upstreamModel: String,
        weight: Int = 1,
        priority: Int = 0,
        isActive: Bool = true,
        costRates: Rates? = nil
    ) {
        self.id = id
        self.provider = provider
        self.upstreamModel = upstreamModel
        self.weight = weight
        self.priority = priority
        self.isActive = isActive
        self.costRates = costRates
    }
}

/// A set of models under one multiplier, for which users hold quotas.
package struct ModelGroup: Hashable, Sendable {
    package let id: ModelGroupID
    package let name: String
    package let multiplier: Multiplier
    package let isActive: Bool

    package init(id: ModelGroupID, name: String, multiplier: Multiplier, isActive: Bool) {
        self.id = id
        self.name = name
        self.multiplier = multiplier
        self.isActive = isActive
    }
}

/// What a client names in `model`, with everything the data plane needs to serve it.
package struct Model: Sendable {
    package let id: ModelID
    package let name: String
    package let isActive: Bool
    package let createdAt: Instant
    /// Tokens of input and output together.
    package let contextLength: Int64
    package let maxOutputTokens: Int64
    /// Injected where a request names no output limit.
    package let defaultOutputTokens: Int64
    /// Tokens a prompt may have beyond the bytes of its body: templates, roles, tools.
    package let promptOverheadTokens: Int64
    package let rateLimit: RateLimit
    /// By priority; inactive ones left in.
    package let routes: [Route]
    /// Groups that hold this model; inactive ones left in.
    package let groups: [ModelGroup]
    /// Oldest first.
    package let prices: [PriceVersion]

    package init(
        id: ModelID,
        name: String,
        isActive: Bool,
        createdAt: Instant,
        contextLength: Int64,
        maxOutputTokens: Int64,
        defaultOutputTokens: Int64,
        promptOverheadTokens: Int64 = 512,
        rateLimit: RateLimit = .none,
        routes: [Route],
        groups: [ModelGroup],
        prices: [PriceVersion]
    ) {
        self.id = id
        self.name = name
        self.isActive = isActive
        self.createdAt = createdAt
        self.contextLength = contextLength
        self.maxOutputTokens = maxOutputTokens
        self.defaultOutputTokens = defaultOutputTokens
        self.promptOverheadTokens = promptOverheadTokens
        self.rateLimit = rateLimit
        self.routes = routes
        self.groups = groups
        self.prices = prices
    }

    /// The price in force; nil means that calls must be refused, never served for nothing.
    package func price(at now: Instant) -> PriceVersion? {
        prices.last { $0.effectiveFrom <= now }
    }
}

/// All models, immutable: a new catalogue replaces the old one whole.
package final class Catalog: Sendable {
    package let models: [String: Model]

    package init(models: [Model]) {
        self.models = Dictionary(models.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }
}
