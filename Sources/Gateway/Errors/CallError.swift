package import Domain

/// Why a call is answered with an error, in terms of what its client can do about it.
///
/// Every case has a fixed status, type and code; the message is safe to show. The cause goes to the log.
package enum CallError: Error, Hashable, Sendable {
    case missingKey
    case invalidKey
    case directoryBusy
    case badRequest(message: String, member: String?, code: String?)
    case contentEncoding
    case bodyTooLarge(limit: Int)
    case headersTooLarge
    case malformedHTTP
    case requestTimeout
    case unknownModel(String)
    case unpricedModel(String)
    case noRoute(String)
    case uncoveredMember(String)
    case insufficientQuota
    case heldByRunningCalls
    case keyLimitReached
    case addressNotAllowed
    case rateLimited(RateRefusal)
    case overloaded
    case journalUnavailable
    case shuttingDown
    case upstreamUnreachable
    case upstreamRefusesUs
    case upstreamTimeout
    case upstreamBroken
    case upstreamInvalid
    case outputBeyondHold

    package var status: Int {
        switch self {
        case .missingKey, .invalidKey: 401
        case .badRequest, .malformedHTTP, .uncoveredMember: 400
        case .contentEncoding: 415
        case .bodyTooLarge: 413
        case .headersTooLarge: 431
        case .requestTimeout: 408
        case .addressNotAllowed: 403
        case .unknownModel: 404
        case .insufficientQuota, .heldByRunningCalls, .keyLimitReached, .rateLimited: 429
        case .unpricedModel, .noRoute, .directoryBusy, .overloaded, .journalUnavailable, .shuttingDown,
            .upstreamRefusesUs:
            503
        case .upstreamUnreachable, .upstreamBroken, .upstreamInvalid, .outputBeyondHold: 502
        case .upstreamTimeout: 504
        }
    }

    package var type: String {
        switch self {
        case .missingKey, .invalidKey, .badRequest, .contentEncoding, .bodyTooLarge, .headersTooLarge, .malformedHTTP,
            .requestTimeout, .unknownModel, .uncoveredMember:
            "invalid_request_error"
        case .insufficientQuota, .keyLimitReached: "insufficient_quota"
        case .heldByRunningCalls, .rateLimited: "rate_limit_error"
        case .addressNotAllowed: "permission_error"
        default: "server_error"
        }
    }

    package var code: String? {
        switch self {
        case .missingKey, .invalidKey: "invalid_api_key"
        case .badRequest(_, _, let code): code
        case .contentEncoding: "unsupported_content_encoding"
        case .bodyTooLarge: "request_too_large"
        case .headersTooLarge: "headers_too_large"
        case .malformedHTTP: "malformed_request"
        case .requestTimeout: "request_timeout"
        case .unknownModel: "model_not_found"
        case .unpricedModel: "model_not_priced"
        case .uncoveredMember: "unsupported_parameter"
        case .insufficientQuota: "insufficient_quota"
        case .keyLimitReached: "key_spend_limit_exceeded"
        case .heldByRunningCalls, .rateLimited: "rate_limit_exceeded"
        case .addressNotAllowed: "ip_not_authorized"
        case .directoryBusy, .overloaded: "server_is_overloaded"
        case .journalUnavailable: "ledger_unavailable"
        case .shuttingDown: "server_shutting_down"
        case .noRoute, .upstreamUnreachable, .upstreamRefusesUs: "upstream_unavailable"
        case .upstreamTimeout: "upstream_timeout"
        case .upstreamBroken: "upstream_interrupted"
        case .upstreamInvalid: "upstream_invalid_response"
        case .outputBeyondHold: "output_limit_exceeded"
        }
    }

    /// The request's member that is at fault, where one is.
    package var member: String? {
        switch self {
        case .badRequest(_, let member, _): member
        case .unknownModel, .unpricedModel, .noRoute: "model"
        case .uncoveredMember(let member): member
        default: nil
        }
    }

    package var message: String {
        switch self {
        case .missingKey:
            "No API key was given. Send it as 'Authorization: Bearer sk-audit-…', 'x-api-key' or 'api-key'."
        case .invalidKey: "The API key is unknown, revoked or expired."
        case .directoryBusy: "Too many keys are being looked up; try again shortly."
        case .badRequest(let message, _, _): message
        case .contentEncoding: "Request bodies must not be encoded; leave 'Content-Encoding' out."
        case .bodyTooLarge(let limit): "The request body is larger than \(limit) bytes."
        case .headersTooLarge: "The request's headers are too large."
        case .malformedHTTP: "The request is not valid HTTP/1.1."
        case .requestTimeout: "The request did not arrive in time."
        case .unknownModel(let name): "The model '\(name)' does not exist or your key has no access to it."
        case .unpricedModel(let name): "The model '\(name)' has no price; its calls are refused until it has one."
        case .noRoute(let name): "No provider for the model '\(name)' is active."
        case .uncoveredMember(let member): "'\(member)' costs extra and this model has no price for it."
        case .insufficientQuota: "Your quota does not cover this call. Ask your administrator for more."
        case .keyLimitReached: "This key's spending limit does not cover this call."
        case .heldByRunningCalls: "Your running calls hold the rest of your quota; try again when one has ended."
        case .addressNotAllowed: "This API key may not be used from your address."
        case .rateLimited(let refusal): refusal.message
        case .overloaded: "Too many calls are running; try again shortly."
        case .journalUnavailable: "The ledger cannot take this call now; nothing was charged. Try again shortly."
        case .shuttingDown: "The server is shutting down; try again."
        case .upstreamUnreachable: "The provider could not be reached; nothing was charged."
        case .upstreamRefusesUs: "The provider does not serve this gateway at the moment; nothing was charged."
        case .upstreamTimeout: "The provider did not answer in time."
        case .upstreamBroken: "The provider broke off its answer."
        case .upstreamInvalid: "The provider's answer could not be understood."
        case .outputBeyondHold: "The provider's output passed the limit that was held for it; the answer was cut."
        }
    }

    /// Seconds after which asking again is worth it; nil where waiting does not help.
    package var retryAfterSeconds: Int? {
        switch self {
        case .directoryBusy, .overloaded, .journalUnavailable, .shuttingDown, .heldByRunningCalls: 1
        case .upstreamRefusesUs, .noRoute, .unpricedModel: 30
        case .rateLimited(let refusal): refusal.waitMilliseconds.map { Int(($0 + 999) / 1_000) }
        default: nil
        }
    }

    /// The same where it is known more exactly than in seconds.
    package var retryAfterMilliseconds: Int64? {
        if case .rateLimited(let refusal) = self { refusal.waitMilliseconds } else { nil }
    }

    /// OpenAI's clients retry 429 and 5xx by themselves; these must not be.
    package var forbidsRetry: Bool {
        switch self {
        case .insufficientQuota, .keyLimitReached: true
        case .rateLimited(let refusal): refusal.wait == .endless
        default: false
        }
    }

    package init(_ refusal: Refusal) {
        switch refusal {
        case .insufficientQuota: self = .insufficientQuota
        case .heldByRunningCalls: self = .heldByRunningCalls
        case .keyLimitReached: self = .keyLimitReached
        }
    }
}
