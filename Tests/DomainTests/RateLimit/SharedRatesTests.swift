import Testing

@testable import Domain

@Suite("rates that replicas share") struct SharedRatesTests {
    private static let key = RateSubject.key(APIKeyID(1))
    private static let minute: Int64 = 60_000_000_000
    private static let second: Int64 = 1_000_000_000

    private static func at(_ milliseconds: Int64) -> Uptime { Uptime(nanoseconds: milliseconds * 1_000_000) }

    private static func limits(_ limit: RateLimit) -> [(subject: RateSubject, limit: RateLimit)] { [(key, limit)] }

    private static let one = RateLimiter.Demand(inputTokens: 0, outputTokens: 0)

    /// The database, and replicas that ask it at once.
    private struct Stage {
        var buckets: [Int64: TokenBucket] = [:]
        /// Of calls at a time, by replica.
        var slots: [Int: Int64] = [:]
        var replicas: [SharedRates]
        /// Rounds so far.
        var rounds = 0

        init(_ count: Int) { replicas = (0..<count).map { _ in SharedRates() } }

        mutating func round(_ replica: Int, at now: Uptime) -> [SharedRates.Ticket: SharedRates.Decision] {
            let draws = replicas[replica].nextRound(at: now)
            guard !draws.isEmpty else { return [:] }
            rounds += 1
            let answer = RateAnswer(
                grants: draws.map { grant($0, of: replica, at: now) },
                replicas: Int64(replicas.count)
            )
            return Dictionary(uniqueKeysWithValues: replicas[replica].answered(answer, at: now))
        }

        private mutating func grant(_ draw: RateDraw, of replica: Int, at now: Uptime) -> RateGrant {
            if draw.bucket.measure == .calls {
                let grant = draw.grant(besides: slots.filter { $0.key != replica }.values.reduce(0, +))
                slots[replica] = draw.kept + grant.granted
                return grant
            }
            let full = TokenBucket(perMinute: draw.limit, at: now)
            return buckets[draw.bucket.number, default: full].draw(draw, at: now)
        }

        /// Decided at once, or by the round that it needs.
        mutating func take(
            _ replica: Int,
            _ limit: RateLimit,
            _ demand: RateLimiter.Demand = one,
            at now: Uptime
        ) -> SharedRates.Decision {
            let decision = replicas[replica].take(demand, of: limits(limit), at: now)
            guard case .waiting(let ticket) = decision else { return decision }
            return round(replica, at: now)[ticket] ?? decision
        }
    }

    private static func isTaken(_ decision: SharedRates.Decision) -> Bool {
        if case .taken = decision { true } else { false }
    }

    private static func refusal(_ decision: SharedRates.Decision) -> RateRefusal? {
        if case .refused(let refusal, _) = decision { refusal } else { nil }
    }

    @Test("a small limit is decided in the database, call by call, exactly")
    func small() {
        var stage = Stage(3)
        let limit = RateLimit(requestsPerMinute: 30)
        for call in 0..<30 {
            let decision = stage.take(call % 3, limit, at: Self.at(0))
            guard case .taken(_, let standing) = decision else {
                Issue.record("\(call): \(decision)")
                return
            }
            #expect(standing.requests?.limit == 30 && standing.requests?.remaining == Int64(29 - call))
        }
        #expect(stage.rounds == 30)
        for replica in 0..<3 {
            let refused = Self.refusal(stage.take(replica, limit, at: Self.at(0)))
            #expect(refused?.measure == .requests && refused?.wait == .nanoseconds(2 * Self.second))
        }
        // One has come back, and one only.
        let passed = (0..<3).count { Self.isTaken(stage.take($0, limit, at: Self.at(2_000))) }
        #expect(passed == 1)
    }

    @Test("a storm of refused calls asks the database once a second")
    func storm() {
        var stage = Stage(1)
        let limit = RateLimit(requestsPerMinute: 1)
        #expect(Self.isTaken(stage.take(0, limit, at: Self.at(0))))
        for call in 0..<5_000 as Range<Int64> {
            #expect(Self.refusal(stage.take(0, limit, at: Self.at(call)))?.limit == 1)
        }
        #expect(stage.rounds <= 7)
    }

    @Test("a large limit is drawn ahead: most calls find theirs in hand")
    func large() {
        var stage = Stage(3)
        let limit = RateLimit(requestsPerMinute: 60_000)
        for call in 0..<10_000 as Range<Int64> {
            #expect(Self.isTaken(stage.take(0, limit, at: Self.at(call))))
            _ = stage.round(0, at: Self.at(call))
        }
        #expect(stage.rounds < 200, "\(stage.rounds)")
    }

    @Test("what is in hand goes back when nobody uses it, and others have it then")
    func givenBack() {
        var stage = Stage(2)
        let limit = RateLimit(requestsPerMinute: 6_000)
        for call in 0..<200 as Range<Int64> {
            #expect(Self.isTaken(stage.take(0, limit, at: Self.at(call))))
            _ = stage.round(0, at: Self.at(call))
        }
        #expect((stage.buckets.values.first?.level ?? 0) < 5_790)
        for moment in stride(from: 300, through: 1_300, by: 100) as StrideThrough<Int64> {
            #expect(stage.replicas[0].look(at: Self.at(moment)).isEmpty)
            _ = stage.round(0, at: Self.at(moment))
        }
        #expect(stage.buckets.values.first?.level == 5_920)
        #expect(!stage.replicas[0].needsLook)
    }

    @Test("tokens: an answer's real usage reaches the others, both ways")
    func tokens() {
        var stage = Stage(2)
        let limit = RateLimit(tokensPerMinute: 1_000)
        let demand = RateLimiter.Demand(inputTokens: 100, outputTokens: 500)
        guard case .taken(let first, let standing) = stage.take(0, limit, demand, at: Self.at(0)) else {
            Issue.record("refused")
            return
        }
        #expect(standing.tokens?.remaining == 400)
        #expect(Self.refusal(stage.take(1, limit, demand, at: Self.at(0)))?.measure == .tokens)
        stage.replicas[0].giveBack(first, usedTokens: 200)
        _ = stage.replicas[0].look(at: Self.at(100))
        _ = stage.round(0, at: Self.at(100))
        guard case .taken(let second, _) = stage.take(1, limit, demand, at: Self.at(1_300)) else {
            Issue.record("refused")
            return
        }
        // More than was thought is owed to all.
        stage.replicas[1].giveBack(second, usedTokens: 1_200)
        _ = stage.replicas[1].look(at: Self.at(1_400))
        _ = stage.round(1, at: Self.at(1_400))
        #expect((stage.buckets.values.first?.level ?? 0) < -300)
        #expect(Self.refusal(stage.take(0, limit, demand, at: Self.at(2_500))) != nil)
        let large = RateLimiter.Demand(inputTokens: 1_001, outputTokens: 0)
        #expect(Self.refusal(stage.take(0, limit, large, at: Self.at(2_600)))?.wait == .endless)
    }

    @Test("where one limit refuses, nothing is taken of the others for long")
    func together() {
        var stage = Stage(1)
        let limits: [(subject: RateSubject, limit: RateLimit)] = [
            (Self.key, RateLimit(requestsPerMinute: 50)), (.user(UserID(1)), RateLimit(requestsPerMinute: 1)),
        ]
        for _ in 0..<5 {
            _ = stage.replicas[0].take(Self.one, of: limits, at: Self.at(0))
            _ = stage.round(0, at: Self.at(0))
        }
        _ = stage.replicas[0].look(at: Self.at(1_100))
        _ = stage.round(0, at: Self.at(1_100))
        let level = stage.buckets[RateBucket(subject: Self.key, measure: .requests).number]?.level
        #expect(level == 49)
    }

    @Test("no answer: the call is told so, nobody is asked for a while, and what was owed stays owed")
    func failure() {
        var rates = SharedRates()
        let limit = Self.limits(RateLimit(tokensPerMinute: 1_000))
        let demand = RateLimiter.Demand(inputTokens: 10, outputTokens: 10)
        guard case .waiting(let first) = rates.take(demand, of: limit, at: Self.at(0)) else {
            Issue.record("not asked")
            return
        }
        #expect(rates.nextRound(at: Self.at(0)).map(\.needs) == [[20]])
        // What comes meanwhile waits for the next round.
        guard case .waiting(let second) = rates.take(demand, of: limit, at: Self.at(1)) else {
            Issue.record("not asked")
            return
        }
        #expect(rates.nextRound(at: Self.at(1)).isEmpty)
        let failed = rates.answered(nil, at: Self.at(10))
        #expect(failed.map(\.ticket) == [first] && failed.first?.decision == .unavailable)
        #expect(rates.take(demand, of: limit, at: Self.at(11)) == .unavailable)
        #expect(rates.nextRound(at: Self.at(11)).isEmpty)
        #expect(rates.look(at: Self.at(2_000)).isEmpty)
        #expect(rates.look(at: Self.at(2_001)) == [second])
        #expect(!rates.needsLook)
        // And again, as if nothing had been.
        guard case .waiting(let third) = rates.take(demand, of: limit, at: Self.at(3_100)) else {
            Issue.record("not asked")
            return
        }
        #expect(rates.nextRound(at: Self.at(3_100)).count == 1)
        let grant = RateAnswer(grants: [RateGrant(granted: 20, level: 980)], replicas: 1)
        guard case .taken(let lease, _)? = rates.answered(grant, at: Self.at(3_101)).first?.decision else {
            Issue.record("\(third) not taken")
            return
        }
        rates.giveBack(lease, usedTokens: 50)
        _ = rates.look(at: Self.at(3_200))
        #expect(rates.nextRound(at: Self.at(3_200)).map(\.correction) == [-30])
        #expect(rates.answered(nil, at: Self.at(3_201)).isEmpty)
        _ = rates.look(at: Self.at(3_500))
        #expect(rates.nextRound(at: Self.at(3_500)).map(\.correction) == [-30])
    }

    @Test("a call is not passed by one that came later and wants the same")
    func order() {
        var rates = SharedRates()
        let limit = Self.limits(RateLimit(tokensPerMinute: 1_000))
        _ = rates.take(.init(inputTokens: 0, outputTokens: 600), of: limit, at: Self.at(0))
        _ = rates.take(.init(inputTokens: 0, outputTokens: 500), of: limit, at: Self.at(0))
        _ = rates.take(.init(inputTokens: 0, outputTokens: 300), of: limit, at: Self.at(0))
        let draws = rates.nextRound(at: Self.at(0))
        #expect(draws.map(\.needs) == [[600, 500, 300]])
        // The second is too large for what the first has left; the third is not.
        var bucket = TokenBucket(perMinute: 1_000, at: Self.at(0))
        let answer = RateAnswer(grants: draws.map { bucket.draw($0, at: Self.at(0)) }, replicas: 1)
        let decisions = rates.answered(answer, at: Self.at(0))
        #expect(
            decisions.map(\.ticket) == [1, 3, 2] && decisions.map { Self.isTaken($0.decision) } == [true, true, false]
        )
        #expect(decisions.last.flatMap { Self.refusal($0.decision) }?.wait == .nanoseconds(24 * Self.second))
    }

    @Test(
        "a limit that is raised, lowered or taken away is what the next call meets; an old one of another replica's is not doubled"
    )
    func changes() {
        var stage = Stage(2)
        for _ in 0..<10 { _ = stage.take(0, RateLimit(requestsPerMinute: 10), at: Self.at(0)) }
        #expect(Self.refusal(stage.take(0, RateLimit(requestsPerMinute: 10), at: Self.at(1))) != nil)
        // As replicas learn of the new one, one after the other: nothing comes from turning to and fro.
        for moment in 2..<20 as Range<Int64> {
            let limit = RateLimit(requestsPerMinute: moment % 2 == 0 ? 60_000 : 10)
            _ = stage.take(Int(moment % 2), limit, at: Self.at(moment))
        }
        #expect((stage.buckets.values.first?.level ?? 0) <= 20)
        // From here on it fills up as fast as the new one says.
        _ = stage.take(0, RateLimit(requestsPerMinute: 60_000), at: Self.at(2_000))
        #expect(Self.isTaken(stage.take(0, RateLimit(requestsPerMinute: 60_000), at: Self.at(2_200))))
        #expect(Self.isTaken(stage.replicas[0].take(Self.one, of: [], at: Self.at(2_001))))
    }

    @Test("what was used lately is remembered, and no more")
    func forgetting() {
        var stage = Stage(1)
        let limit = RateLimit(requestsPerMinute: 10)
        for key in 0..<10_000 as Range<Int64> {
            let now = Self.at(key * 10)
            let decision = stage.replicas[0].take(Self.one, of: [(.key(APIKeyID(key)), limit)], at: now)
            guard case .waiting(let ticket) = decision, case .taken(let lease, _)? = stage.round(0, at: now)[ticket]
            else {
                Issue.record("\(key): \(decision)")
                return
            }
            stage.replicas[0].giveBack(lease, usedTokens: 0)
            _ = stage.replicas[0].look(at: now)
        }
        #expect(stage.replicas[0].count < 100)
    }

    @Test("a database whose clock is set back goes on from there")
    func clock() {
        var bucket = TokenBucket(perMinute: 60, at: Self.at(10_000_000))
        let draw = RateDraw(bucket: RateBucket(subject: Self.key, measure: .requests), limit: 60, needs: [60])
        #expect(bucket.draw(draw, at: Self.at(10_000_000)).granted == 60)
        #expect(bucket.draw(draw, at: Self.at(1_000)).granted == 0)
        #expect(bucket.draw(draw, at: Self.at(61_000)).granted == 60)
    }

    @Test("calls at a time: together as many as the limit, and the next one when one has ended, wherever")
    func calls() {
        var stage = Stage(3)
        let limit = RateLimit(concurrentCalls: 4)
        var leases: [SharedRates.Lease] = []
        for call in 0..<4 {
            guard case .taken(let lease, _) = stage.take(call % 2, limit, at: Self.at(0)) else {
                Issue.record("\(call) refused")
                return
            }
            leases.append(lease)
        }
        for replica in 0..<3 {
            let refused = Self.refusal(stage.take(replica, limit, at: Self.at(1)))
            #expect(refused == RateRefusal(subject: Self.key, measure: .calls, limit: 4, wait: .unknown))
        }
        // Whose own call has ended need not ask.
        stage.replicas[0].giveBack(leases[0], usedTokens: 5)
        let rounds = stage.rounds
        guard case .taken(let again, _) = stage.take(0, limit, at: Self.at(2)) else {
            Issue.record("refused")
            return
        }
        #expect(stage.rounds == rounds)
        stage.replicas[0].giveBack(again, usedTokens: 5)
        _ = stage.replicas[0].look(at: Self.at(100))
        _ = stage.round(0, at: Self.at(100))
        #expect(Self.isTaken(stage.take(2, limit, at: Self.at(200))))
        #expect(Self.refusal(stage.take(0, limit, at: Self.at(200))) != nil)
    }

    @Test("calls at a time: what an unknown round has counted is counted right by the next")
    func unknownCalls() {
        var stage = Stage(2)
        let limit = RateLimit(concurrentCalls: 4)
        for _ in 0..<4 { _ = stage.replicas[0].take(Self.one, of: Self.limits(limit), at: Self.at(0)) }
        #expect(stage.replicas[0].nextRound(at: Self.at(0)).count == 1)
        stage.slots[0] = 4
        #expect(stage.replicas[0].answered(nil, at: Self.at(1)).count == 4)
        #expect(Self.refusal(stage.take(1, limit, at: Self.at(2))) != nil)
        _ = stage.replicas[0].look(at: Self.at(300))
        _ = stage.round(0, at: Self.at(300))
        #expect(stage.slots[0] == 0 && Self.isTaken(stage.take(1, limit, at: Self.at(400))))
        _ = stage.replicas[0].look(at: Self.at(400))
        #expect(!stage.replicas[0].needsLook)
    }

    @Test(
        "calls at a time, at random: never more than the limit, and nothing is left behind",
        arguments: 1...10 as ClosedRange<UInt64>
    )
    func randomCalls(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var stage = Stage(3)
        let limit = RateLimit(concurrentCalls: random.oneIn(2) ? random.int(1...8) : random.int(100...400))
        let most = limit[.calls] ?? 0
        var running: [[SharedRates.Lease]] = [[], [], []]
        var peak = 0
        for step in 0..<6_000 as Range<Int64> {
            let (now, replica) = (Self.at(step * 20), Int(random.int(0...2)))
            switch random.int(0...9) {
            case 0...5:
                if case .taken(let lease, _) = stage.take(replica, limit, at: now) { running[replica].append(lease) }
            case 6...7:
                if !running[replica].isEmpty {
                    stage.replicas[replica].giveBack(running[replica].removeLast(), usedTokens: 0)
                }
            case 8:
                _ = stage.replicas[replica].look(at: now)
                _ = stage.round(replica, at: now)
            default:
                guard random.oneIn(20) else { break }
                if random.oneIn(2) {
                    // It dies, and is seen to be dead.
                    stage.replicas[replica] = SharedRates()
                    stage.slots[replica] = 0
                    running[replica] = []
                    break
                }
                switch stage.replicas[replica].take(Self.one, of: Self.limits(limit), at: now) {
                case .taken(let lease, _): running[replica].append(lease)
                case .waiting:
                    let draws = stage.replicas[replica].nextRound(at: now)
                    if random.oneIn(2), let draw = draws.first {
                        let others = stage.slots.filter { $0.key != replica }.values.reduce(0, +)
                        stage.slots[replica] = draw.kept + draw.grant(besides: others).granted
                    }
                    _ = stage.replicas[replica].answered(nil, at: now)
                default: break
                }
            }
            let sum = running.reduce(0) { $0 + $1.count }
            peak = max(peak, sum)
            guard sum <= most else {
                Issue.record("\(sum) of \(most) at step \(step), seed \(seed)")
                return
            }
        }
        #expect(peak >= Int(min(most, 100)) * 8 / 10, "\(peak) of \(most)")
        for replica in 0..<3 {
            for lease in running[replica] { stage.replicas[replica].giveBack(lease, usedTokens: 0) }
            for moment in 0..<30 as Range<Int64> {
                let now = Self.at(1_000_000 + moment * 100)
                _ = stage.replicas[replica].look(at: now)
                _ = stage.round(replica, at: now)
            }
            #expect(!stage.replicas[replica].needsLook)
        }
        #expect(stage.slots.values.reduce(0, +) == 0)
    }

    @Test("each bucket has a number of its own")
    func numbers() {
        let subjects: [RateSubject] = (1...50).flatMap { id in
            [.key(APIKeyID(id)), .user(UserID(id)), .model(ModelID(id))]
        }
        let numbers = subjects.flatMap { subject in
            RateLimit.Measure.allCases.map { RateBucket(subject: subject, measure: $0).number }
        }
        #expect(Set(numbers).count == 450)
    }
}
