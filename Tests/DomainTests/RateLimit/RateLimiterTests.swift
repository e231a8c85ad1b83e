import Testing

@testable import Domain

@Suite("rate limits") struct RateLimiterTests {
    private let key = RateSubject.key(APIKeyID(1))
    private let user = RateSubject.user(UserID(1))
    private let model = RateSubject.model(ModelID(1))
    private let start = Uptime(nanoseconds: 1_000_000_000)

    private func after(_ seconds: Int64) -> Uptime { Uptime(nanoseconds: start.nanoseconds + seconds * 1_000_000_000) }

    private func demand(_ input: Int64 = 0, _ output: Int64 = 0) -> RateLimiter.Demand {
        RateLimiter.Demand(inputTokens: input, outputTokens: output)
    }

    private func lease(_ decision: RateLimiter.Decision) throws -> RateLimiter.Lease {
        guard case .taken(let lease, _) = decision else { throw Refused(decision: decision) }
        return lease
    }

    private struct Refused: Error { let decision: RateLimiter.Decision }

    private func refusal(_ decision: RateLimiter.Decision) -> RateRefusal? {
        if case .refused(let refusal, _) = decision { refusal } else { nil }
    }

    @Test("requests: as many as the limit at once, then one each time one has come back")
    func requests() throws {
        var limiter = RateLimiter()
        let limit = [(subject: key, limit: RateLimit(requestsPerMinute: 3))]
        for left in [2, 1, 0] as [Int64] {
            guard case .taken(let lease, let standing) = limiter.take(demand(), of: limit, at: start) else {
                Issue.record("refused")
                return
            }
            #expect(standing.requests?.remaining == left && standing.requests?.limit == 3 && standing.tokens == nil)
            limiter.giveBack(lease, usedTokens: 10, at: start)
        }
        let refused = refusal(limiter.take(demand(), of: limit, at: start))
        #expect(
            refused == RateRefusal(subject: key, measure: .requests, limit: 3, wait: .nanoseconds(20_000_000_000))
        )
        #expect(refusal(limiter.take(demand(), of: limit, at: after(19))) != nil)
        _ = try lease(limiter.take(demand(), of: limit, at: after(20)))
    }

    @Test("tokens: the estimate is taken first and put right at the end, both ways")
    func tokens() throws {
        var limiter = RateLimiter()
        let limit = [(subject: user, limit: RateLimit(tokensPerMinute: 1_000))]
        let first = try lease(limiter.take(demand(300, 600), of: limit, at: start))
        let refused = refusal(limiter.take(demand(50, 100), of: limit, at: start))
        #expect(refused?.measure == .tokens && refused?.wait == .nanoseconds(3_000_000_000))
        limiter.giveBack(first, usedTokens: 400, at: start)
        let second = try lease(limiter.take(demand(500, 100), of: limit, at: start))
        // More than was thought: 1,000 in all but 400 and 900.
        limiter.giveBack(second, usedTokens: 900, at: start)
        #expect(refusal(limiter.take(demand(1), of: limit, at: start))?.wait == .nanoseconds(18_060_000_000))
    }

    @Test("a long answer passes when nothing else was used and is owed afterwards; too long an input never passes")
    func large() throws {
        var limiter = RateLimiter()
        let limit = [(subject: key, limit: RateLimit(tokensPerMinute: 100))]
        #expect(refusal(limiter.take(demand(101), of: limit, at: start))?.wait == .endless)
        let long = try lease(limiter.take(demand(10, .max), of: limit, at: start))
        #expect(refusal(limiter.take(demand(1), of: limit, at: start)) != nil)
        limiter.giveBack(long, usedTokens: 400, at: start)
        #expect(refusal(limiter.take(demand(1), of: limit, at: after(179))) != nil)
        _ = try lease(limiter.take(demand(1), of: limit, at: after(181)))
    }

    @Test("calls at a time: the next one comes in when one has ended")
    func calls() throws {
        var limiter = RateLimiter()
        let limit = [(subject: model, limit: RateLimit(concurrentCalls: 2))]
        let first = try lease(limiter.take(demand(), of: limit, at: start))
        _ = try lease(limiter.take(demand(), of: limit, at: start))
        for _ in 0..<3 {
            let refused = refusal(limiter.take(demand(), of: limit, at: after(900)))
            #expect(refused == RateRefusal(subject: model, measure: .calls, limit: 2, wait: .unknown))
        }
        limiter.giveBack(first, usedTokens: 0, at: start)
        _ = try lease(limiter.take(demand(), of: limit, at: start))
    }

    @Test("all or nothing: what one limit refuses takes nothing of the others, and the longest wait is told")
    func together() throws {
        var limiter = RateLimiter()
        let limits = [
            (subject: key, limit: RateLimit(requestsPerMinute: 2, concurrentCalls: 9)),
            (subject: user, limit: RateLimit(requestsPerMinute: 1)),
            (subject: model, limit: RateLimit(requestsPerMinute: 5, tokensPerMinute: 60)),
        ]
        let first = limiter.take(demand(30), of: limits, at: start)
        guard case .taken(_, let standing) = first else {
            Issue.record("refused")
            return
        }
        #expect(standing.requests?.limit == 1 && standing.requests?.remaining == 0 && standing.tokens?.remaining == 30)
        for _ in 0..<10 {
            #expect(refusal(limiter.take(demand(30), of: limits, at: start))?.subject == user)
        }
        let others = [limits[0], limits[2]]
        guard case .taken(_, let rest) = limiter.take(demand(30), of: others, at: start) else {
            Issue.record("refusals were counted")
            return
        }
        #expect(rest.requests?.limit == 2 && rest.requests?.remaining == 0 && rest.tokens?.remaining == 0)
    }

    @Test("a limit that changes while calls run counts them on; one that goes leaves nothing behind")
    func changes() throws {
        var limiter = RateLimiter()
        func limit(_ limit: RateLimit) -> [(subject: RateSubject, limit: RateLimit)] { [(key, limit)] }
        let first = try lease(limiter.take(demand(), of: limit(RateLimit(requestsPerMinute: 10)), at: start))
        let calls = limit(RateLimit(concurrentCalls: 1))
        #expect(refusal(limiter.take(demand(), of: calls, at: start))?.measure == .calls)
        limiter.giveBack(first, usedTokens: 5, at: start)
        let second = try lease(limiter.take(demand(), of: calls, at: start))
        let tokens = limit(RateLimit(tokensPerMinute: 10))
        let third = try lease(limiter.take(demand(10), of: tokens, at: start))
        _ = try lease(limiter.take(demand(), of: limit(RateLimit(requestsPerMinute: 1)), at: start))
        limiter.giveBack(third, usedTokens: 5, at: start)
        limiter.giveBack(second, usedTokens: 5, at: start)
    }

    @Test("what is idle and full is forgotten as others come; what runs or owes is not")
    func forgetting() throws {
        var limiter = RateLimiter(capacity: 100)
        let limit = RateLimit(requestsPerMinute: 60, tokensPerMinute: 60)
        func take(_ id: Int64, at now: Uptime) -> RateLimiter.Decision {
            limiter.take(demand(1, 1), of: [(.key(APIKeyID(id)), limit)], at: now)
        }
        let running = try lease(take(0, at: start))
        for id in 1...10_000 as ClosedRange<Int64> {
            // Each is idle at once and full two seconds later: some thirty are in use at a time.
            let lease = try lease(take(id, at: Uptime(nanoseconds: start.nanoseconds + id * 100_000_000)))
            limiter.giveBack(lease, usedTokens: 2, at: Uptime(nanoseconds: start.nanoseconds + id * 100_000_000))
        }
        #expect(limiter.count < 60)
        limiter.giveBack(running, usedTokens: 2, at: after(1_000))
        // All at once and none of it idle: then there is no room, and nothing is forgotten.
        var held: [RateLimiter.Lease] = []
        for id in 0..<100 as Range<Int64> {
            if case .taken(let lease, _) = take(id, at: after(2_000)) { held.append(lease) }
        }
        #expect(take(1_000, at: after(2_000)) == .crowded && held.count == 100)
        for lease in held { limiter.giveBack(lease, usedTokens: 0, at: after(2_000)) }
        for _ in 0..<30 { _ = take(1_000, at: after(3_000)) }
        #expect(limiter.count < 100)
    }
}
