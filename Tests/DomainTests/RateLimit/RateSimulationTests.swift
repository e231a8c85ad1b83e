import Testing

@testable import Domain

/// Random calls under random limits beside a model that is as plain as can be: fractions of tokens in 128 bits, a list
/// of what runs, nothing forgotten.
@Suite("rate limits beside a plain model") struct RateSimulationTests {
    private struct PlainRates {
        private static let minute = Int128(60_000_000_000)

        struct State {
            var limit: RateLimit
            /// In parts of a minute's nanoseconds.
            var requests: Int128
            var tokens: Int128
            var seenAt: Int64
            var running = 0

            init(_ limit: RateLimit, now: Int64) {
                self.limit = limit
                requests = Int128(limit[.requests] ?? 0) * PlainRates.minute
                tokens = Int128(limit[.tokens] ?? 0) * PlainRates.minute
                seenAt = now
            }

            mutating func pass(to now: Int64) {
                guard now > seenAt else { return }
                let elapsed = Int128(now - seenAt)
                seenAt = now
                for (measure, field) in [(RateLimit.Measure.requests, \State.requests), (.tokens, \State.tokens)] {
                    let perMinute = Int128(limit[measure] ?? 0)
                    self[keyPath: field] = min(
                        perMinute * PlainRates.minute,
                        self[keyPath: field] + perMinute * elapsed
                    )
                }
            }
        }

        var states: [RateSubject: State] = [:]

        mutating func allows(_ tokens: Int64, _ limits: [(subject: RateSubject, limit: RateLimit)], now: Int64) -> Bool
        {
            for (subject, limit) in limits {
                if states[subject] == nil { states[subject] = State(limit, now: now) }
                states[subject]!.pass(to: now)
            }
            let isAllowed = limits.allSatisfy { subject, limit in
                let state = states[subject]!
                return (limit[.calls].map { state.running < $0 } ?? true)
                    && (limit[.requests] == nil || state.requests >= Self.minute)
                    && (limit[.tokens].map { state.tokens >= Int128(min(tokens, $0)) * Self.minute } ?? true)
            }
            guard isAllowed else { return false }
            for (subject, limit) in limits {
                states[subject]!.running += 1
                states[subject]!.requests -= Self.minute
                states[subject]!.tokens -= Int128(min(tokens, limit[.tokens] ?? 0)) * Self.minute
            }
            return true
        }

        mutating func end(
            _ reserved: Int64,
            used: Int64,
            _ limits: [(subject: RateSubject, limit: RateLimit)],
            now: Int64
        ) {
            for (subject, limit) in limits {
                states[subject]!.pass(to: now)
                states[subject]!.running -= 1
                guard let most = limit[.tokens] else { continue }
                var left = states[subject]!.tokens + Int128(min(reserved, most) - used) * Self.minute
                // An hour's at most is owed, counted in whole ones.
                let part = (left % Self.minute + Self.minute) % Self.minute
                left = max(left, Int128(-60 * most) * Self.minute + part)
                states[subject]!.tokens = min(Int128(most) * Self.minute, left)
            }
        }
    }

    private struct Running {
        let lease: RateLimiter.Lease
        let limits: [(subject: RateSubject, limit: RateLimit)]
        let reserved: Int64
    }

    @Test("every decision is the plain model's", arguments: 1...20)
    func decisions(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var limiter = RateLimiter()
        var plain = PlainRates()
        var limits: [RateSubject: RateLimit] = [:]
        for id in 1...3 as ClosedRange<Int64> {
            for subject in [RateSubject.key(APIKeyID(id)), .user(UserID(id)), .model(ModelID(id))] {
                var limit = RateLimit()
                if !random.oneIn(3) { limit[.requests] = random.int(1...40) }
                if !random.oneIn(3) { limit[.tokens] = random.int(1...9_000) }
                if !random.oneIn(3) { limit[.calls] = random.int(1...5) }
                limits[subject] = limit
            }
        }
        var now: Int64 = random.int(-5...1_000_000_000_000)
        var running: [Running] = []
        var taken = 0
        var refused = 0
        for step in 0..<1_500 {
            now += random.oneIn(50) ? random.int(0...200_000_000_000) : random.int(0...900_000_000)
            if random.oneIn(2), !running.isEmpty {
                let call = running.remove(at: Int(random.int(0...Int64(running.count - 1))))
                let used = random.int(0...call.reserved + 500)
                limiter.giveBack(call.lease, usedTokens: used, at: Uptime(nanoseconds: now))
                plain.end(call.reserved, used: used, call.limits, now: now)
                continue
            }
            let subjects: [RateSubject] = [
                .key(APIKeyID(random.int(1...3))), .user(UserID(random.int(1...3))), .model(ModelID(random.int(1...3))),
            ]
            let bounding = subjects.map { (subject: $0, limit: limits[$0]!) }.filter { !$0.limit.isNone }
            let tokens = random.int(0...3_000)
            let demand = RateLimiter.Demand(inputTokens: 0, outputTokens: tokens)
            let decision = limiter.take(demand, of: bounding, at: Uptime(nanoseconds: now))
            let expected = plain.allows(tokens, bounding, now: now)
            switch decision {
            case .taken(let lease, _):
                taken += 1
                running.append(Running(lease: lease, limits: bounding, reserved: tokens))
                try #require(expected, "seed \(seed) step \(step): taken")
            case .refused(let refusal, _):
                refused += 1
                try #require(!expected, "seed \(seed) step \(step): refused for \(refusal)")
            case .crowded: Issue.record("crowded")
            }
        }
        #expect(taken > 50 && refused > 10, "\(taken) \(refused)")
    }

    @Test("in no stretch of time more than a burst and what came back", arguments: 1...10)
    func rate(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var limiter = RateLimiter()
        let perMinute = random.int(1...200)
        let limit = [(subject: RateSubject.user(UserID(1)), limit: RateLimit(requestsPerMinute: perMinute))]
        var now: Int64 = 0
        var times: [Int64] = []
        for _ in 0..<800 {
            now += random.int(0...600_000_000)
            let decision = limiter.take(.init(inputTokens: 1, outputTokens: 1), of: limit, at: Uptime(nanoseconds: now))
            if case .taken(let lease, _) = decision {
                times.append(now)
                limiter.giveBack(lease, usedTokens: 2, at: Uptime(nanoseconds: now))
            }
        }
        for first in times.indices {
            for last in first..<times.count {
                let stretch = Int128(times[last] - times[first])
                let most = Int128(perMinute) + Int128(perMinute) * stretch / 60_000_000_000 + 1
                if Int128(last - first + 1) > most {
                    Issue.record("seed \(seed): \(last - first + 1) calls in \(stretch) ns")
                    return
                }
            }
        }
    }
}
