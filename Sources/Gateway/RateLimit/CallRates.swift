import Dialects
import Domain
import NIOCore
import Synchronization

/// The rates of everything that is limited, shared by all event loops: one lock, held for less than a microsecond.
///
/// Alone, a process counts by itself. Where several count together, each draws from what they share, see ``SharedRates``: a call whose replica has none in hand waits for the draw, and no event loop does.
final class CallRates: Sendable {
    /// What a call has taken.
    enum Lease: Sendable {
        case own(RateLimiter.Lease)
        case shared(SharedRates.Lease)
    }

    enum Outcome: Sendable {
        case taken(Lease, RateStanding)
        /// Nothing was taken.
        case refused(RateRefusal, RateStanding)
        /// Something else comes later.
        case waiting
        /// More is limited at a time than can be counted.
        case crowded
        /// What all replicas have used is not known now.
        case unavailable
    }

    private struct State {
        var limiter = RateLimiter()
        var shared = SharedRates()
        var waiting: [SharedRates.Ticket: any RateWaiter] = [:]
        var isLooking = false
    }

    /// What is left to be done without the lock.
    private struct Errands {
        var draws: [RateDraw] = []
        var looks = false
        var decided: [(waiter: any RateWaiter, outcome: Outcome)] = []
    }

    private static let lookPause = TimeAmount.milliseconds(100)

    private let usersLimit: RateLimit
    private let state = Mutex(State())
    private let uptime: @Sendable () -> Uptime
    /// Nil: no other replica counts.
    private let counter: (any RateCounter)?
    private let eventLoop: any EventLoop

    init(
        usersLimit: RateLimit,
        counter: (any RateCounter)?,
        eventLoop: any EventLoop,
        uptime: @escaping @Sendable () -> Uptime
    ) {
        self.usersLimit = usersLimit
        self.counter = counter
        self.eventLoop = eventLoop
        self.uptime = uptime
    }

    /// Nil where nothing limits the call: then nothing is locked, and nothing is to be given back.
    /// - Parameter waiter: is told once where the outcome is `waiting`.
    func take(
        _ request: OpenAIRequest,
        endpoint: Endpoint,
        for principal: Principal,
        of model: Model,
        waiter: any RateWaiter
    ) -> Outcome? {
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
        guard counter != nil else {
            return Outcome(state.withLock { $0.limiter.take(demand, of: limits, at: now) })
        }
        return takeShared(demand, of: limits, at: now, waiter: waiter)
    }

    func giveBack(_ lease: Lease, usedTokens: Int64) {
        let now = uptime()
        let errands = state.withLock { state in
            switch lease {
            case .own(let lease):
                state.limiter.giveBack(lease, usedTokens: usedTokens, at: now)
                return Errands()
            case .shared(let lease):
                state.shared.giveBack(lease, usedTokens: usedTokens)
                return collect(&state, at: now)
            }
        }
        run(errands)
    }

    // MARK: - With others

    private func takeShared(
        _ demand: RateLimiter.Demand,
        of limits: [(subject: RateSubject, limit: RateLimit)],
        at now: Uptime,
        waiter: any RateWaiter
    ) -> Outcome {
        let (outcome, errands) = state.withLock { state -> (Outcome, Errands) in
            let decision = state.shared.take(demand, of: limits, at: now)
            if case .waiting(let ticket) = decision { state.waiting[ticket] = waiter }
            return (Outcome(decision), collect(&state, at: now))
        }
        run(errands)
        return outcome
    }

    private func collect(_ state: inout State, at now: Uptime) -> Errands {
        var errands = Errands(draws: state.shared.nextRound(at: now))
        if !state.isLooking, state.shared.needsLook {
            state.isLooking = true
            errands.looks = true
        }
        return errands
    }

    private func run(_ errands: Errands) {
        for (waiter, outcome) in errands.decided { waiter.ratesDecided(outcome) }
        if !errands.draws.isEmpty { counter?.draw(errands.draws) { [self] in answered($0) } }
        if errands.looks { eventLoop.scheduleTask(in: Self.lookPause) { [self] in look() } }
    }

    private func answered(_ answer: RateAnswer?) {
        let now = uptime()
        run(
            state.withLock { state in
                let decisions = state.shared.answered(answer, at: now)
                return decide(decisions, &state, at: now)
            }
        )
    }

    private func look() {
        let now = uptime()
        run(
            state.withLock { state in
                state.isLooking = false
                let late = state.shared.look(at: now)
                return decide(late.map { ($0, .unavailable) }, &state, at: now)
            }
        )
    }

    private func decide(
        _ decisions: [(ticket: SharedRates.Ticket, decision: SharedRates.Decision)],
        _ state: inout State,
        at now: Uptime
    ) -> Errands {
        var decided: [(waiter: any RateWaiter, outcome: Outcome)] = []
        for (ticket, decision) in decisions {
            guard let waiter = state.waiting.removeValue(forKey: ticket) else { continue }
            decided.append((waiter, Outcome(decision)))
        }
        var errands = collect(&state, at: now)
        errands.decided = decided
        return errands
    }
}

/// A call that waits for a draw.
protocol RateWaiter: AnyObject, Sendable {
    /// On any thread.
    func ratesDecided(_ outcome: CallRates.Outcome)
}

extension CallRates.Outcome {
    fileprivate init(_ decision: RateLimiter.Decision) {
        self =
            switch decision {
            case .taken(let lease, let standing): .taken(.own(lease), standing)
            case .refused(let refusal, let standing): .refused(refusal, standing)
            case .crowded: .crowded
            }
    }

    fileprivate init(_ decision: SharedRates.Decision) {
        self =
            switch decision {
            case .taken(let lease, let standing): .taken(.shared(lease), standing)
            case .refused(let refusal, let standing): .refused(refusal, standing)
            case .waiting: .waiting
            case .crowded: .crowded
            case .unavailable: .unavailable
            }
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
