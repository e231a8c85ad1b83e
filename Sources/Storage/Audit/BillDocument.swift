import Domain

/// A bill as it is told to an auditor: all that its leaf testifies, under names, from which the leaf follows again.
package struct BillDocument: Codable, Hashable, Sendable {
    struct Part: Codable, Hashable {
        let lane: String
        let id: Int64
        let amount: String
    }

    let requestID: String
    let userID: Int64
    let keyID: Int64
    let modelID: Int64
    let routeID: Int64
    let providerID: Int64
    let groupID: Int64
    let priceVersionID: Int64
    let priceMultiplierBasisPoints: Int64
    let endpoint: Int64
    let isStreamed: Bool
    let hold: String
    let parts: [Part]
    let outputLimit: Int64
    let estimatedInputTokens: Int64
    let estimatedInputPrice: String
    let startedAt: String
    let state: String
    let tokens: [String: Int64]
    let provenance: Int64
    let charge: String
    let correction: String
    let cost: String
    let excess: String
    let flags: Int64
    let statusCode: Int64
    let durationMilliseconds: Int64
    let firstByteMilliseconds: Int64?
    let endedAt: String

    enum CodingKeys: String, CodingKey {
        case endpoint, hold, parts, state, tokens, provenance, charge, correction, cost, excess, flags
        case requestID = "request_id"
        case userID = "user_id"
        case keyID = "key_id"
        case modelID = "model_id"
        case routeID = "route_id"
        case providerID = "provider_id"
        case groupID = "group_id"
        case priceVersionID = "price_version_id"
        case priceMultiplierBasisPoints = "price_multiplier_basis_points"
        case isStreamed = "is_streamed"
        case outputLimit = "output_limit"
        case estimatedInputTokens = "estimated_input_tokens"
        case estimatedInputPrice = "estimated_input_price"
        case startedAt = "started_at"
        case statusCode = "status_code"
        case durationMilliseconds = "duration_ms"
        case firstByteMilliseconds = "first_byte_ms"
        case endedAt = "ended_at"
    }

    init(_ bill: BillLeaf) {
        requestID = bill.id.description
        userID = bill.userID.rawValue
        keyID = bill.keyID.rawValue
        modelID = bill.modelID.rawValue
        routeID = bill.routeID.rawValue
        providerID = bill.providerID.rawValue
        groupID = bill.groupID.rawValue
        priceVersionID = bill.priceVersionID.rawValue
        priceMultiplierBasisPoints = bill.multiplier.basisPoints
        endpoint = bill.endpoint
        isStreamed = bill.isStreamed
        hold = bill.hold.description
        parts = bill.parts.map { part in
            let (kind, id) = part.lane.words
            return Part(lane: kind == 1 ? "grant" : "key", id: id, amount: part.amount.description)
        }
        outputLimit = bill.outputLimit
        estimatedInputTokens = bill.estimatedInputTokens
        estimatedInputPrice = bill.estimatedInputPrice.description
        startedAt = bill.startedAt.description
        state = bill.state.name
        tokens = Dictionary(uniqueKeysWithValues: TokenClass.allCases.map { ($0.name, bill.usage[$0]) })
        provenance = bill.usage.packedProvenance
        charge = bill.charge.description
        correction = bill.correction.description
        cost = bill.cost.description
        excess = bill.excess.description
        flags = bill.flags.rawValue
        statusCode = bill.statusCode
        durationMilliseconds = bill.durationMilliseconds
        firstByteMilliseconds = bill.firstByteMilliseconds
        endedAt = bill.endedAt.description
    }

    /// The bill it tells; nil for a document that is none.
    var bill: BillLeaf? {
        guard let id = CallID(parsing: requestID), let state = CallState.allCases.first(where: { $0.name == state }),
            let multiplier = try? Multiplier(basisPoints: priceMultiplierBasisPoints),
            let startedAt = Instant(parsing: startedAt), let endedAt = Instant(parsing: endedAt),
            let hold = Self.money(hold), let estimate = Self.money(estimatedInputPrice),
            let charge = Self.money(charge), let correction = Self.money(correction), let cost = Self.money(cost),
            let excess = Self.money(excess), tokens.count == TokenClass.count
        else { return nil }
        var usage = Usage()
        for tokenClass in TokenClass.allCases {
            guard let count = tokens[tokenClass.name], usage.set(tokenClass, to: count, .missing) else { return nil }
        }
        usage.packedProvenance = provenance
        let parts = parts.compactMap { part -> HoldPart? in
            guard ["grant", "key"].contains(part.lane), let amount = Self.money(part.amount),
                let lane = Lane(kind: part.lane == "grant" ? 1 : 2, id: part.id)
            else { return nil }
            return HoldPart(lane: lane, amount: amount)
        }
        guard parts.count == self.parts.count else { return nil }
        return BillLeaf(
            id: id,
            userID: UserID(userID),
            keyID: APIKeyID(keyID),
            modelID: ModelID(modelID),
            routeID: RouteID(routeID),
            providerID: ProviderID(providerID),
            groupID: ModelGroupID(groupID),
            priceVersionID: PriceVersionID(priceVersionID),
            multiplier: multiplier,
            endpoint: endpoint,
            isStreamed: isStreamed,
            hold: hold,
            parts: parts,
            outputLimit: outputLimit,
            estimatedInputTokens: estimatedInputTokens,
            estimatedInputPrice: estimate,
            startedAt: startedAt,
            state: state,
            usage: usage,
            charge: charge,
            correction: correction,
            cost: cost,
            excess: excess,
            flags: BillFlags(rawValue: flags),
            statusCode: statusCode,
            durationMilliseconds: durationMilliseconds,
            firstByteMilliseconds: firstByteMilliseconds,
            endedAt: endedAt
        )
    }

    private static func money(_ text: String) -> Money? { try? Money(parsing: text) }
}
