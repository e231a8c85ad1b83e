/// The paths of the data plane that reach an upstream.
package enum Endpoint: Int64, Sendable, CaseIterable {
    case chatCompletions = 1
    case completions = 2
    case embeddings = 3

    package var path: String {
        switch self {
        case .chatCompletions: "/v1/chat/completions"
        case .completions: "/v1/completions"
        case .embeddings: "/v1/embeddings"
        }
    }

    /// What OpenTelemetry's GenAI conventions call it.
    package var operationName: String {
        switch self {
        case .chatCompletions: "chat"
        case .completions: "text_completion"
        case .embeddings: "embeddings"
        }
    }
}

/// What is known of a call before it is admitted; all of it goes into the call's row.
package struct CallIntent: Hashable, Sendable {
    package let id: CallID
    package let userID: UserID
    package let keyID: APIKeyID
    package let modelID: ModelID
    package let routeID: RouteID
    package let providerID: ProviderID
    package let priceVersionID: PriceVersionID
    package let endpoint: Endpoint
    package let isStreamed: Bool
    /// Tokens of the prompt, by the estimator; what `charge_input` charges if the call's fate stays unknown.
    package let estimatedInputTokens: Int64
    /// The estimate of the prompt at list price, before any multiplier.
    package let estimatedInputPrice: Money
    package let startedAt: Instant
    package let clientAddress: String
    package let userAgent: String
    /// The client's own `X-Client-Request-Id`, kept as it came.
    package let clientRequestID: String?

    package init(
        id: CallID,
        userID: UserID,
        keyID: APIKeyID,
        modelID: ModelID,
        routeID: RouteID,
        providerID: ProviderID,
        priceVersionID: PriceVersionID,
        endpoint: Endpoint,
        isStreamed: Bool,
        estimatedInputTokens: Int64,
        estimatedInputPrice: Money,
        startedAt: Instant,
        clientAddress: String,
        userAgent: String,
        clientRequestID: String? = nil
    ) {
        self.id = id
        self.userID = userID
        self.keyID = keyID
        self.modelID = modelID
        self.routeID = routeID
        self.providerID = providerID
        self.priceVersionID = priceVersionID
        self.endpoint = endpoint
        self.isStreamed = isStreamed
        self.estimatedInputTokens = estimatedInputTokens
        self.estimatedInputPrice = estimatedInputPrice
        self.startedAt = startedAt
        self.clientAddress = clientAddress
        self.userAgent = userAgent
        self.clientRequestID = clientRequestID
    }
}

/// Where a call stands. Stored as its raw value.
package enum CallState: Int64, Sendable, CaseIterable {
    /// Held, not yet ended.
    case open = 0
    case captured = 1
    case voided = 2
    /// Its process died; its fate awaits the policy.
    case uncertain = 3

    /// The name in JSON and reports.
    package var name: String {
        switch self {
        case .open: "open"
        case .captured: "captured"
        case .voided: "voided"
        case .uncertain: "uncertain"
        }
    }
}
