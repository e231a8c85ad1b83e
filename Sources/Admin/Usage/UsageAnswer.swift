import Domain

/// `/v1/usage` as JSON: money as exact decimal strings, instants in ISO 8601.
struct UsageAnswer: Encodable {
    let object = "usage"
    let quotas: [QuotaJSON]
    let totals: TotalsJSON
    let recent: [BillJSON]

    init(_ report: UsageReport) {
        quotas = report.quotas.map(QuotaJSON.init)
        totals = TotalsJSON(report.totals)
        recent = report.recent.map(BillJSON.init)
    }

    struct QuotaJSON: Encodable {
        let id: Int64
        let name: String
        let modelGroup: String
        let totalQuota: String
        let usedQuota: String
        let heldQuota: String
        let remainingQuota: String
        @OrNull var expiresAt: String?
        let isActive: Bool

        enum CodingKeys: String, CodingKey {
            case id, name
            case modelGroup = "model_group"
            case totalQuota = "total_quota"
            case usedQuota = "used_quota"
            case heldQuota = "held_quota"
            case remainingQuota = "remaining_quota"
            case expiresAt = "expires_at"
            case isActive = "is_active"
        }

        init(_ quota: QuotaStanding) {
            id = quota.id.rawValue
            name = quota.name
            modelGroup = quota.groupName
            totalQuota = quota.total.description
            usedQuota = quota.used.description
            heldQuota = quota.held.description
            remainingQuota = quota.remaining.description
            expiresAt = quota.expiresAt?.description
            isActive = quota.isActive
        }
    }

    struct TotalsJSON: Encodable {
        let requests: Int64
        let inputTokens: Int64
        let outputTokens: Int64
        let cost: String

        enum CodingKeys: String, CodingKey {
            case requests, cost
            case inputTokens = "input_tokens"
            case outputTokens = "output_tokens"
        }

        init(_ totals: UsageTotals) {
            requests = totals.requests
            inputTokens = totals.inputTokens
            outputTokens = totals.outputTokens
            cost = Money.text(totals.charge)
        }
    }
}

/// One bill, explained: each class's count × price, the fee, the multiplier, what was held and what was charged.
struct BillJSON: Encodable {
    let requestID: String
    let model: String
    let modelGroup: String?
    let endpoint: String?
    let isStreamed: Bool
    let state: String
    let inputTokens: Int64
    let outputTokens: Int64
    let cost: String
    let hold: String
    let statusCode: Int
    let createdAt: String
    let durationMs: Int64?
    let firstByteMs: Int64?
    let priceMultiplier: String
    let feePerCall: String
    let lines: [Line]
    let flags: [String]

    enum CodingKeys: String, CodingKey {
        case model, endpoint, state, cost, hold, lines, flags
        case requestID = "request_id"
        case modelGroup = "model_group"
        case isStreamed = "is_streamed"
        case inputTokens = "input_tokens"
        case outputTokens = "output_tokens"
        case statusCode = "status_code"
        case createdAt = "created_at"
        case durationMs = "duration_ms"
        case firstByteMs = "first_byte_ms"
        case priceMultiplier = "price_multiplier"
        case feePerCall = "fee_per_call"
    }

    init(_ bill: BillReport) {
        requestID = bill.id.description
        model = bill.modelName
        modelGroup = bill.groupName
        endpoint = bill.endpoint?.path
        isStreamed = bill.isStreamed
        state = bill.state.name
        inputTokens = bill.usage.inputTokens
        outputTokens = bill.usage.outputTokens
        cost = bill.charge.description
        hold = bill.hold.description
        statusCode = bill.statusCode
        createdAt = bill.startedAt.description
        durationMs = bill.durationMilliseconds
        firstByteMs = bill.firstByteMilliseconds
        priceMultiplier = bill.multiplier.description
        feePerCall = (bill.rates?.feePerCall ?? .zero).description
        lines = bill.lines.map(Line.init)
        flags = bill.flags.list
    }

    struct Line: Encodable {
        let tokenClass: String
        let count: Int64
        /// Dollars per million tokens.
        let pricePer1M: String
        let amount: String
        /// `reported`, `derived`, `estimated` or `missing`.
        let provenance: String

        enum CodingKeys: String, CodingKey {
            case count, amount, provenance
            case tokenClass = "class"
            case pricePer1M = "price_per_1m"
        }

        init(_ line: BillLine) {
            tokenClass = line.tokenClass.name
            count = line.count
            pricePer1M = Money.text(Int128(line.picosPerToken) * 1_000_000)
            amount = Money.text(line.amount)
            provenance = "\(line.provenance)"
        }
    }
}

extension BillFlags {
    /// The names in JSON.
    static let names: [(flag: BillFlags, name: String)] = [
        (.estimated, "estimated"),
        (.clientGone, "client_gone"),
        (.upstreamBroken, "upstream_broken"),
        (.implausibleUsage, "implausible_usage"),
        (.exceededHold, "exceeded_hold"),
        (.chargedByPolicy, "charged_by_policy"),
        (.corrected, "corrected"),
        (.orphan, "orphan"),
        (.fallbackRate, "fallback_rate"),
        (.cutAtLimit, "cut_at_limit"),
        (.unknownCost, "unknown_cost"),
        (.unfunded, "unfunded"),
        (.unknownOutput, "unknown_output"),
    ]

    var list: [String] { Self.names.filter { contains($0.flag) }.map(\.name) }
}
