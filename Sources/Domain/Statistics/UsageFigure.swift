/// What is summed of closed calls, in the order of the roll-ups' columns.
package enum UsageFigure: Int, CaseIterable, Sendable {
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
    /// As calls were closed; what came later is among the corrections.
    case charge
    case cost
    case excess
    case corrections
    /// What cached input would have cost as plain input, less what it cost.
    case cacheSavings
    case durationMilliseconds
    case under100Milliseconds
    case under300Milliseconds
    case under1Second
    case under3Seconds
    case under10Seconds
    case under30Seconds
    case slower

    package static let count = 24

    /// In SQL and in what `ledger verify` says.
    package var name: String {
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
        case .cacheSavings: "cache_savings"
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

    package var isMoney: Bool {
        switch self {
        case .charge, .cost, .excess, .corrections, .cacheSavings: true
        default: false
        }
    }
}
