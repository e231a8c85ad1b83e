/// How fast a key, a user or a model may be used; what is nil is not bounded.
package struct RateLimit: Hashable, Sendable {
    package enum Measure: String, CaseIterable, Sendable {
        case requests = "requests_per_minute"
        /// Of input and output together.
        case tokens = "tokens_per_minute"
        /// Calls at a time.
        case calls = "concurrent_calls"
    }

    /// A larger one could as well be none.
    package static let range: ClosedRange<Int64> = 1...1_000_000_000_000
    package static let none = RateLimit()

    private var values: (Int64?, Int64?, Int64?) = (nil, nil, nil)

    package init() {}

    package init(requestsPerMinute: Int64? = nil, tokensPerMinute: Int64? = nil, concurrentCalls: Int64? = nil) {
        self[.requests] = requestsPerMinute
        self[.tokens] = tokensPerMinute
        self[.calls] = concurrentCalls
    }

    package init(_ changes: RateLimitChanges) {
        for (measure, value) in changes { self[measure] = value }
    }

    package subscript(measure: Measure) -> Int64? {
        get {
            switch measure {
            case .requests: values.0
            case .tokens: values.1
            case .calls: values.2
            }
        }
        set {
            let value = newValue.map { min(max($0, Self.range.lowerBound), Self.range.upperBound) }
            switch measure {
            case .requests: values.0 = value
            case .tokens: values.1 = value
            case .calls: values.2 = value
            }
        }
    }

    package var isNone: Bool { values == (nil, nil, nil) }

    /// This limit, and where it bounds nothing the other's bound.
    package func filled(from other: RateLimit) -> RateLimit {
        var filled = self
        for measure in Measure.allCases where filled[measure] == nil { filled[measure] = other[measure] }
        return filled
    }

    package static func == (left: RateLimit, right: RateLimit) -> Bool { left.values == right.values }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(values.0)
        hasher.combine(values.1)
        hasher.combine(values.2)
    }
}

/// What is to be set of a rate limit: what is not there stays, nil is no bound.
package typealias RateLimitChanges = [RateLimit.Measure: Int64?]
