import Domain

/// What one closing adds to each roll-up that counts its call.
struct RollupDelta {
    /// What is summed, in the order of the columns.
    enum Column: Int, CaseIterable {
        case requests
        case voided
        case errors
        case inputTokens
        case cacheReadTokens
        case cacheWriteTokens
        case outputTokens
        case reasoningTokens
        case audioInputTokens
        case audioOutputTokens
        case imageTokens
        case charge
        case cost
        case excess
        case corrections
        case durationMilliseconds
        case under100Milliseconds
        case under300Milliseconds
        case under1Second
        case under3Seconds
        case under10Seconds
        case under30Seconds
        case slower

        /// In SQL and in what `ledger verify` says.
        var name: String {
            switch self {
            case .requests: "requests"
            case .voided: "voided"
            case .errors: "errors"
            case .inputTokens: "input_tokens"
            case .cacheReadTokens: "cache_read_tokens"
            case .cacheWriteTokens: "cache_write_tokens"
            case .outputTokens: "output_tokens"
            case .reasoningTokens: "reasoning_tokens"
            case .audioInputTokens: "audio_input_tokens"
            case .audioOutputTokens: "audio_output_tokens"
            case .imageTokens: "image_tokens"
            case .charge: "charge"
            case .cost: "cost"
            case .excess: "excess"
            case .corrections: "corrections"
            case .durationMilliseconds: "duration_ms"
            case .under100Milliseconds: "under_100ms"
            case .under300Milliseconds: "under_300ms"
            case .under1Second: "under_1s"
            case .under3Seconds: "under_3s"
            case .under10Seconds: "under_10s"
            case .under30Seconds: "under_30s"
            case .slower: "slower"
            }
        }

        var isMoney: Bool { self == .charge || self == .cost || self == .excess || self == .corrections }
    }

    static let count = 23
    private static let slots: InlineArray<6, Int64> = [100, 300, 1_000, 3_000, 10_000, 30_000]

    private var values = InlineArray<23, Int64>(repeating: 0)

    subscript(column: Column) -> Int64 {
        get { values[column.rawValue] }
        set { values[column.rawValue] = newValue }
    }

    subscript(index: Int) -> Int64 { values[index] }

    /// A call that ended by its settlement.
    static func settled(
        state: CallState,
        usage: Usage,
        charge: Money,
        cost: Money,
        excess: Money,
        statusCode: Int64,
        durationMilliseconds: Int64
    ) -> RollupDelta {
        var delta = RollupDelta(usage, cost: cost, statusCode: statusCode, durationMilliseconds: durationMilliseconds)
        delta[.requests] = 1
        delta[.voided] = state == .voided ? 1 : 0
        delta[.charge] = charge.picoDollars
        delta[.excess] = excess.picoDollars
        return delta
    }

    /// A settlement of a call that a policy had closed, and that was counted then.
    static func corrected(
        usage: Usage,
        correction: Money,
        cost: Money,
        excess: Money,
        statusCode: Int64,
        durationMilliseconds: Int64
    ) -> RollupDelta {
        var delta = RollupDelta(usage, cost: cost, statusCode: statusCode, durationMilliseconds: durationMilliseconds)
        delta[.corrections] = correction.picoDollars
        delta[.excess] = excess.picoDollars
        return delta
    }

    /// A call closed by policy: counted once, as an error, with what it was charged.
    static func resolved(state: CallState, charge: Money) -> RollupDelta {
        var delta = RollupDelta()
        delta[.requests] = 1
        delta[.voided] = state == .voided ? 1 : 0
        delta[.errors] = 1
        delta[.charge] = charge.picoDollars
        return delta
    }

    private init() {}

    private init(_ usage: Usage, cost: Money, statusCode: Int64, durationMilliseconds: Int64) {
        self[.errors] = statusCode >= 400 ? 1 : 0
        self[.inputTokens] = usage[.input]
        self[.cacheReadTokens] = usage[.cacheRead]
        self[.cacheWriteTokens] = usage[.cacheWrite5m] + usage[.cacheWrite1h]
        self[.outputTokens] = usage[.output]
        self[.reasoningTokens] = usage[.reasoning]
        self[.audioInputTokens] = usage[.audioInput]
        self[.audioOutputTokens] = usage[.audioOutput]
        self[.imageTokens] = usage[.imageInput]
        self[.cost] = cost.picoDollars
        self[.durationMilliseconds] = max(0, durationMilliseconds)
        var slot = 0
        while slot < 6, durationMilliseconds >= Self.slots[slot] { slot += 1 }
        values[Column.under100Milliseconds.rawValue + slot] = 1
    }

    /// Adds column by column; a sum that would pass ``largest`` either way stays there.
    mutating func add(_ other: RollupDelta) {
        for index in 0..<Self.count {
            let (sum, overflow) = values[index].addingReportingOverflow(other.values[index])
            values[index] =
                overflow
                ? (other.values[index] > 0 ? Self.largest : -Self.largest) : min(max(-Self.largest, sum), Self.largest)
        }
    }

    /// Where a roll-up's sums end: what is added to them may not make SQLite turn them into floats.
    static let largest: Int64 = 9_000_000_000_000_000_000
}
