import Dialects
import Domain

/// A request resolved against the catalogue: where it would go, under which price, and what it could cost at worst.
struct QuotedCall {
    let model: Model
    let route: Route
    let price: PriceVersion
    let candidates: [Candidate]
    /// Held per choice for thinking beside the output limit.
    let thinkingTokens: Int64
    let estimatedInputPrice: Money

    /// Pure: catalogue, request and principal in, quote or the client's error out.
    static func make(
        _ request: OpenAIRequest,
        endpoint: Endpoint,
        for principal: Principal,
        catalog: Catalog,
        clamp: ClampRule,
        now: Instant,
        random: UInt64
    ) throws(CallError) -> QuotedCall {
        guard let model = catalog.models[request.model], model.isActive,
            principal.allowedModels?.contains(model.id) ?? true
        else { throw .unknownModel(request.model) }
        let groups = model.groups.filter { $0.isActive && principal.groups.contains($0.id) }
        guard !groups.isEmpty else { throw .unknownModel(request.model) }
        guard let price = model.price(at: now) else { throw .unpricedModel(request.model) }
        if let member = request.costBearing.first { throw .uncoveredMember(member) }
        guard let route = Self.route(of: model, random: random) else { throw .noRoute(request.model) }

        let inputLimit = model.inputLimit(prompts: request.promptCount)
        let inputTokens =
            request.hasExternalInput
            ? inputLimit
            : min(inputLimit, Int64(request.bodyBytes) + model.promptOverheadTokens * request.promptCount)
        let most = max(model.contextLength, model.maxOutputTokens)
        let limit: Int64 =
            endpoint == .embeddings
            ? 0 : min(request.outputLimit ?? min(model.defaultOutputTokens, model.maxOutputTokens), most)
        let thinkingTokens = min(
            max(request.thinkingTokens, request.thinksWithoutBudget ? model.maxOutputTokens : 0),
            most
        )
        let lowest = clamp.lowestOutputLimit(
            for: limit,
            isInjected: request.outputLimit == nil,
            isRigid: request.forbidsClamp
        )
        var candidates: [Candidate] = []
        candidates.reserveCapacity(groups.count)
        let estimate: Money
        do throws(MoneyError) {
            for group in groups {
                candidates.append(
                    Candidate(
                        groupID: group.id,
                        multiplier: group.multiplier,
                        quote: try .worstCase(
                            rates: price.rates,
                            multiplier: group.multiplier,
                            inputTokens: inputTokens,
                            choices: request.choices,
                            outputLimit: limit,
                            lowestOutputLimit: lowest,
                            thinkingTokens: thinkingTokens
                        )
                    )
                )
            }
            var usage = Usage()
            usage.set(.input, to: request.estimatedInputTokens, .estimated)
            estimate = try Money(exactly: price.rates.price(of: usage))
        } catch {
            throw .badRequest(
                message: "This request could cost more than $10,000, the most a call may; lower its limits.",
                member: nil,
                code: "cost_overflow"
            )
        }
        return QuotedCall(
            model: model,
            route: route,
            price: price,
            candidates: candidates,
            thinkingTokens: thinkingTokens,
            estimatedInputPrice: estimate
        )
    }

    /// The active route of the best priority; by weight among equals.
    static func route(of model: Model, random: UInt64) -> Route? {
        if model.routes.count == 1 {
            let only = model.routes[0]
            return only.isActive && only.provider.isActive ? only : nil
        }
        let usable = model.routes.filter { $0.isActive && $0.provider.isActive }
        guard let best = usable.map(\.priority).min() else { return nil }
        let equals = usable.filter { $0.priority == best }
        let total = equals.reduce(0) { $0 + UInt64(max(1, $1.weight)) }
        var draw = random % total
        for route in equals {
            let weight = UInt64(max(1, route.weight))
            if draw < weight { return route }
            draw -= weight
        }
        return equals.last
    }
}

extension CallIntent {
    /// What the journal keeps of a call from its admission on.
    init(
        id: CallID,
        head: RequestHead,
        request: OpenAIRequest,
        quoted: QuotedCall,
        principal: Principal,
        clientAddress: String,
        startedAt: Instant
    ) {
        self.init(
            id: id,
            userID: principal.userID,
            keyID: principal.keyID,
            modelID: quoted.model.id,
            routeID: quoted.route.id,
            providerID: quoted.route.provider.id,
            priceVersionID: quoted.price.id,
            endpoint: head.endpoint,
            isStreamed: request.isStreamed,
            estimatedInputTokens: request.estimatedInputTokens,
            estimatedInputPrice: quoted.estimatedInputPrice,
            startedAt: startedAt,
            clientAddress: clientAddress,
            userAgent: head.userAgent,
            clientRequestID: head.clientRequestID
        )
    }
}

extension Model {
    /// The most input tokens there can be: a context for each prompt.
    func inputLimit(prompts: Int64) -> Int64 {
        let (product, overflow) = contextLength.multipliedReportingOverflow(by: prompts)
        return overflow ? .max : product
    }
}
