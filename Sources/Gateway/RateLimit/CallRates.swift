import Dialects
import Domain
import NIOCore
import Synchronization

/// The rates of everything that is limited, shared by all event loops: one lock, held for less than a microsecond.
final class CallRates: Sendable {
    private let usersLimit: RateLimit
    private let limiter = Mutex(RateLimiter())
    private let uptime: @Sendable () -> Uptime

    init(usersLimit: RateLimit, uptime: @escaping @Sendable () -> Uptime) {
        self.usersLimit = usersLimit
        self.uptime = uptime
    }

    /// Nil where nothing limits the call: then nothing is locked, and nothing is to be given back.
    func take(
        _ request: OpenAIRequest,
        endpoint: Endpoint,
        for principal: Principal,
        of model: Model
    ) -> RateLimiter.Decision? {
        let isUnlimited =
            principal.keyRateLimit.isNone && principal.userRateLimit.isNone && model.rateLimit.isNone
            && usersLimit.isNone
        if isUnlimited { return nil }
        let limits: [(subject: RateSubject, limit: RateLimit)] = [
            (.key(principal.keyID), principal.keyRateLimit),
            (.user(principal.userID), principal.userRateLimit.filled(from: usersLimit)),
            (.model(model.id), model.rateLimit),
        ].filter { !$0.limit.isNone }
        let demand = RateLimiter.Demand(request, endpoint: endpoint, model: model)
        let now = uptime()
        return limiter.withLock { $0.take(demand, of: limits, at: now) }
    }

    func giveBack(_ lease: RateLimiter.Lease, usedTokens: Int64) {
        let now = uptime()
        limiter.withLock { $0.giveBack(lease, usedTokens: usedTokens, at: now) }
    }
}

extension Uptime {
    /// Monotonic: setting the host's clock refills nothing.
    @Sendable static func now() -> Uptime { Uptime(nanoseconds: Int64(clamping: NIODeadline.now().uptimeNanoseconds)) }
}

extension RateLimiter.Demand {
    /// Taken for an answer whose client names no limit: most are shorter, and what is injected is a bound on money.
    private static let usualOutputTokens: Int64 = 1_024

    init(_ request: OpenAIRequest, endpoint: Endpoint, model: Model) {
        let usual = min(Self.usualOutputTokens, model.defaultOutputTokens, model.maxOutputTokens)
        let perChoice = endpoint == .embeddings ? 0 : request.outputLimit ?? usual
        let (output, overflow) = perChoice.multipliedReportingOverflow(by: request.choices)
        self.init(inputTokens: request.estimatedInputTokens, outputTokens: overflow ? .max : output)
    }
}
