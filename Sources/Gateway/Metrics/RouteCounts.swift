import Domain

/// What is counted of the calls of one model at one provider.
struct RouteCounts {
    /// What clients were answered; not each status a label of its own.
    enum StatusClass: Int, CaseIterable {
        case success, clientError, serverError
        /// The client was gone.
        case none

        init(_ status: Int) {
            switch status {
            case 200..<400: self = .success
            case 400..<500: self = .clientError
            case 500...: self = .serverError
            default: self = .none
            }
        }

        var name: String {
            switch self {
            case .success: "2xx"
            case .clientError: "4xx"
            case .serverError: "5xx"
            case .none: "none"
            }
        }
    }

    /// As they were called when the first call came.
    let provider: String
    let model: String
    private var requests = InlineArray<12, Int64>(repeating: 0)
    private var outcomes = InlineArray<10, Int64>(repeating: 0)

    init(provider: String, model: String) {
        self.provider = provider
        self.model = model
    }

    /// Of calls that came to no route.
    static let unresolved = RouteCounts(provider: "", model: "")

    mutating func ended(_ endpoint: Endpoint, status: Int) { requests[Self.place(endpoint, StatusClass(status))] &+= 1 }

    mutating func asked(_ outcome: UpstreamOutcome) { outcomes[outcome.rawValue] &+= 1 }

    mutating func add(_ other: RouteCounts) {
        for index in requests.indices { requests[index] &+= other.requests[index] }
        for index in outcomes.indices { outcomes[index] &+= other.outcomes[index] }
    }

    func requests(_ endpoint: Endpoint, _ status: StatusClass) -> Int64 { requests[Self.place(endpoint, status)] }

    func attempts(_ outcome: UpstreamOutcome) -> Int64 { outcomes[outcome.rawValue] }

    private static func place(_ endpoint: Endpoint, _ status: StatusClass) -> Int {
        endpoint.index * StatusClass.allCases.count + status.rawValue
    }
}

extension Endpoint {
    var index: Int { Int(rawValue) - 1 }

    /// As a label of metrics.
    var name: String {
        switch self {
        case .chatCompletions: "chat_completions"
        case .completions: "completions"
        case .embeddings: "embeddings"
        }
    }
}
