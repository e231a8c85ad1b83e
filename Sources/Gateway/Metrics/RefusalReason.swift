/// Why a call was refused before any provider was asked: the closed set of a metric's label.
enum RefusalReason: String, CaseIterable {
    case missingKey = "missing_key"
    case invalidKey = "invalid_key"
    case addressNotAllowed = "address_not_allowed"
    case badRequest = "bad_request"
    case contentEncoding = "content_encoding"
    case bodyTooLarge = "body_too_large"
    case headersTooLarge = "headers_too_large"
    case malformedHTTP = "malformed_http"
    case requestTimeout = "request_timeout"
    case unknownModel = "unknown_model"
    case unpricedModel = "unpriced_model"
    case uncoveredMember = "uncovered_member"
    case noRoute = "no_route"
    case insufficientQuota = "insufficient_quota"
    case heldByRunningCalls = "held_by_running_calls"
    case keyLimitReached = "key_limit_reached"
    case rateLimited = "rate_limited"
    case directoryBusy = "directory_busy"
    case overloaded
    case ledgerUnavailable = "ledger_unavailable"
    case shuttingDown = "shutting_down"

    /// Of a quota or a key's spending limit.
    static let budgets: [RefusalReason] = [.insufficientQuota, .heldByRunningCalls, .keyLimitReached]

    /// Nil for what an upstream did.
    init?(_ error: CallError) {
        switch error {
        case .missingKey: self = .missingKey
        case .invalidKey: self = .invalidKey
        case .addressNotAllowed: self = .addressNotAllowed
        case .badRequest: self = .badRequest
        case .contentEncoding: self = .contentEncoding
        case .bodyTooLarge: self = .bodyTooLarge
        case .headersTooLarge: self = .headersTooLarge
        case .malformedHTTP: self = .malformedHTTP
        case .requestTimeout: self = .requestTimeout
        case .unknownModel: self = .unknownModel
        case .unpricedModel: self = .unpricedModel
        case .uncoveredMember: self = .uncoveredMember
        case .noRoute: self = .noRoute
        case .insufficientQuota: self = .insufficientQuota
        case .heldByRunningCalls: self = .heldByRunningCalls
        case .keyLimitReached: self = .keyLimitReached
        case .rateLimited: self = .rateLimited
        case .directoryBusy: self = .directoryBusy
        case .overloaded: self = .overloaded
        case .journalUnavailable: self = .ledgerUnavailable
        case .shuttingDown: self = .shuttingDown
        case .upstreamUnreachable, .upstreamRefusesUs, .upstreamTimeout, .upstreamBroken, .upstreamInvalid,
            .outputBeyondHold:
            return nil
        }
    }
}
