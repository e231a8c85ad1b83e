import Domain
import NIOCore

/// What one event loop has counted of its calls. Only its loop writes it, so that counting needs neither lock nor atomic.
struct CallMetrics {
    /// Of GenAI's conventions, by operation.
    struct Operation {
        var inputTokens = Histogram(.genAITokens)
        var outputTokens = Histogram(.genAITokens)
        var duration = Histogram(.genAIDuration)
        var firstToken = Histogram(.genAIFirstToken)
    }

    struct RateRefusalKind: Hashable {
        enum Subject: String, CaseIterable {
            case key, user, model
        }

        let subject: Subject
        let measure: RateLimit.Measure

        init(_ subject: Subject, _ measure: RateLimit.Measure) {
            self.subject = subject
            self.measure = measure
        }

        init(_ refusal: RateRefusal) {
            switch refusal.subject {
            case .key: subject = .key
            case .user: subject = .user
            case .model: subject = .model
            }
            measure = refusal.measure
        }
    }

    /// Beyond these, routes are counted together.
    private static let mostRoutes = 1_000
    private static let otherRoutes = RouteID(0)

    private(set) var routes: [RouteID: RouteCounts] = [:]
    private(set) var unresolved = RouteCounts.unresolved
    private(set) var refusals: [RefusalReason: Int64] = [:]
    private(set) var rateRefusals: [RateRefusalKind: Int64] = [:]
    private(set) var tokens = InlineArray<9, Int64>(repeating: 0)
    /// In pico-dollars; more than a bill holds.
    private(set) var charge: Int128 = 0
    private(set) var cost: Int128 = 0
    private(set) var loss: Int128 = 0
    private(set) var lostSettlements: Int64 = 0
    private(set) var duration = Histogram(.call)
    private(set) var upstreamDuration = Histogram(.call)
    private(set) var firstToken = Histogram(.call)
    private(set) var overhead = Histogram(.overhead)
    private(set) var operations = InlineArray<3, Operation>(repeating: Operation())

    mutating func refused(_ error: CallError) {
        guard let reason = RefusalReason(error) else { return }
        refusals[reason, default: 0] &+= 1
        if case .rateLimited(let refusal) = error { rateRefusals[RateRefusalKind(refusal), default: 0] &+= 1 }
    }

    /// A bill was made.
    mutating func billed(_ result: CallResult, outcome: UpstreamOutcome, of call: PreparedCall) {
        count(call) { $0.asked(outcome) }
        cost &+= Int128(result.cost.picoDollars)
        guard result.outcome == .captured else { return }
        for tokenClass in TokenClass.allCases { tokens[tokenClass.rawValue] &+= result.usage[tokenClass] }
        charge &+= Int128(result.charge.picoDollars)
        loss &+= Int128(result.excess.picoDollars)
        let endpoint = call.intent.endpoint
        operations[endpoint.index].inputTokens.observe(result.usage.inputTokens)
        if endpoint != .embeddings { operations[endpoint.index].outputTokens.observe(result.usage.outputTokens) }
    }

    /// A bill that nothing took.
    mutating func lostBill() { lostSettlements &+= 1 }

    /// A call is over. - Parameter call: nil where it came to no route.
    mutating func ended(
        _ endpoint: Endpoint,
        of call: PreparedCall?,
        status: Int,
        times: CallTimes,
        at end: NIODeadline
    ) {
        if let call {
            count(call) { $0.ended(endpoint, status: status) }
        } else {
            unresolved.ended(endpoint, status: status)
        }
        let whole = (end - times.began).nanoseconds
        duration.observe(whole)
        guard let upstream = times.upstreamNanoseconds else { return }
        upstreamDuration.observe(upstream)
        operations[endpoint.index].duration.observe(whole)
        if let own = times.overheadNanoseconds(endingAt: end) { overhead.observe(own) }
        if let first = times.firstOutputNanoseconds {
            firstToken.observe(first)
            operations[endpoint.index].firstToken.observe(first)
        }
    }

    /// The names are asked for where the route is new.
    mutating func count(
        _ route: RouteID,
        provider: @autoclosure () -> String,
        model: @autoclosure () -> String,
        _ count: (inout RouteCounts) -> Void
    ) {
        if routes.count < Self.mostRoutes || routes[route] != nil {
            count(&routes[route, default: RouteCounts(provider: provider(), model: model())])
        } else {
            count(&routes[Self.otherRoutes, default: RouteCounts(provider: "other", model: "other")])
        }
    }

    private mutating func count(_ call: PreparedCall, _ count: (inout RouteCounts) -> Void) {
        // A copy of what was quoted would cost as much as all the counting.
        self.count(
            call.intent.routeID,
            provider: call.quoted.route.provider.name,
            model: call.quoted.model.name,
            count
        )
    }

    /// Adds what another loop has counted.
    mutating func add(_ other: CallMetrics) {
        for (id, counts) in other.routes {
            routes[id, default: RouteCounts(provider: counts.provider, model: counts.model)].add(counts)
        }
        unresolved.add(other.unresolved)
        refusals.merge(other.refusals, uniquingKeysWith: &+)
        rateRefusals.merge(other.rateRefusals, uniquingKeysWith: &+)
        for index in tokens.indices { tokens[index] &+= other.tokens[index] }
        charge &+= other.charge
        cost &+= other.cost
        loss &+= other.loss
        lostSettlements &+= other.lostSettlements
        duration.add(other.duration)
        upstreamDuration.add(other.upstreamDuration)
        firstToken.add(other.firstToken)
        overhead.add(other.overhead)
        for index in operations.indices {
            operations[index].inputTokens.add(other.operations[index].inputTokens)
            operations[index].outputTokens.add(other.operations[index].outputTokens)
            operations[index].duration.add(other.operations[index].duration)
            operations[index].firstToken.add(other.operations[index].firstToken)
        }
    }
}
