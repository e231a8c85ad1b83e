import Testing

@testable import Domain

/// Several replicas, their rounds late by some milliseconds, one of them paused or killed now and then, rounds that fail with and
/// without being counted: together they let through what one process would, within a tenth.
@Suite("rates that replicas share, over minutes") struct SharedRatesSimulationTests {
    struct Setup: Sendable, CustomTestStringConvertible {
        let perMinute: Int64
        /// What each replica is asked, as a part of the limit, in percent.
        let demand: [Int64]
        /// At most; 0: requests are counted.
        var tokens: Int64 = 0
        var hasFaults = false

        var testDescription: String {
            "\(perMinute) \(tokens == 0 ? "requests" : "tokens"), asked for \(demand) %\(hasFaults ? ", faults" : "")"
        }
    }

    private struct Replica {
        var rates = SharedRates()
        var waiting: [SharedRates.Ticket: Int64] = [:]
        var running: [(lease: SharedRates.Lease, used: Int64, endsAt: Int64)] = []
        /// Counted when, answered when, whether it is.
        var round: (draws: [RateDraw], countedAt: Int64, answeredAt: Int64)?
        var grants: [RateGrant]?
        var pausedUntil: Int64 = 0
        var looksAt: Int64 = 0
        var debt: Int64 = 0
    }

    private static let stepMilliseconds: Int64 = 5
    private static let minutes: Int64 = 2

    private struct Cluster {
        let setup: Setup
        var random: SeededRandom
        var bucket: TokenBucket
        var replicas: [Replica]
        /// What passed, by seconds.
        var passed: [Int64] = [0]
        var losses: Int64 = 0
        let subject = RateSubject.user(UserID(1))
        let limit: RateLimit

        init(_ setup: Setup, seed: UInt64) {
            self.setup = setup
            random = SeededRandom(seed: seed)
            limit =
                setup.tokens == 0
                ? RateLimit(requestsPerMinute: setup.perMinute) : RateLimit(tokensPerMinute: setup.perMinute)
            bucket = TokenBucket(perMinute: setup.perMinute, at: Uptime(nanoseconds: 0))
            replicas = setup.demand.map { _ in Replica() }
        }

        mutating func run() {
            for now in stride(from: 0 as Int64, to: minutes * 60_000, by: Int(stepMilliseconds)) {
                if now % 1_000 == 0 { passed.append(0) }
                for index in replicas.indices { step(index, at: now) }
            }
        }

        private mutating func step(_ index: Int, at now: Int64) {
            if let round = replicas[index].round, now >= round.countedAt, replicas[index].grants == nil {
                replicas[index].grants = round.draws.map { bucket.draw($0, at: uptime(now)) }
            }
            if setup.hasFaults { fail(index, at: now) }
            guard now >= replicas[index].pausedUntil else { return }
            if let round = replicas[index].round, now >= round.answeredAt {
                let isLost = setup.hasFaults && random.oneIn(50)
                let answer =
                    isLost
                    ? nil : replicas[index].grants.map { RateAnswer(grants: $0, replicas: Int64(replicas.count)) }
                replicas[index].round = nil
                replicas[index].grants = nil
                for (ticket, decision) in replicas[index].rates.answered(answer, at: uptime(now)) {
                    decide(index, decision, replicas[index].waiting.removeValue(forKey: ticket) ?? 0, at: now)
                }
            }
            if now >= replicas[index].looksAt {
                for ticket in replicas[index].rates.look(at: uptime(now)) { replicas[index].waiting[ticket] = nil }
                replicas[index].looksAt = now + 100
            }
            while let call = replicas[index].running.first, call.endsAt <= now {
                replicas[index].running.removeFirst()
                replicas[index].rates.giveBack(call.lease, usedTokens: call.used)
            }
            // In tokens, or in requests.
            let mean = setup.perMinute * setup.demand[index] * stepMilliseconds
            let size = setup.tokens == 0 ? 1 : setup.tokens / 2
            let calls =
                mean / (6_000_000 * size) + (random.int(0...(6_000_000 * size - 1)) < mean % (6_000_000 * size) ? 1 : 0)
            for _ in 0..<calls { call(index, at: now) }
            let draws = replicas[index].rates.nextRound(at: uptime(now))
            guard !draws.isEmpty else { return }
            let counted = now + random.int(0...10)
            replicas[index].round = (draws, counted, counted + random.int(1...10))
        }

        private mutating func call(_ index: Int, at now: Int64) {
            let tokens = setup.tokens == 0 ? 1 : random.int(1...setup.tokens)
            let demand = RateLimiter.Demand(inputTokens: 0, outputTokens: tokens)
            let decision = replicas[index].rates.take(demand, of: [(subject, limit)], at: uptime(now))
            if case .waiting(let ticket) = decision {
                replicas[index].waiting[ticket] = tokens
            } else {
                decide(index, decision, tokens, at: now)
            }
        }

        private mutating func decide(_ index: Int, _ decision: SharedRates.Decision, _ tokens: Int64, at now: Int64) {
            guard case .taken(let lease, _) = decision else { return }
            let used = setup.tokens == 0 ? 1 : random.int(tokens / 2...tokens)
            passed[passed.count - 1] += used
            replicas[index].running.append((lease, used, now + 300))
        }

        private mutating func fail(_ index: Int, at now: Int64) {
            if random.oneIn(20_000) { replicas[index].pausedUntil = now + random.int(100...8_000) }
            guard random.oneIn(30_000) else { return }
            replicas[index] = Replica()
        }

        private func uptime(_ milliseconds: Int64) -> Uptime { Uptime(nanoseconds: milliseconds * 1_000_000) }
    }

    @Test(
        "not more than one process lets through in any stretch, and nearly all of it",
        arguments: [
            Setup(perMinute: 30, demand: [200, 200, 200]), Setup(perMinute: 30, demand: [500, 1, 0]),
            Setup(perMinute: 99, demand: [90, 10, 60]), Setup(perMinute: 120, demand: [300, 300]),
            Setup(perMinute: 6_000, demand: [100, 100, 100]), Setup(perMinute: 6_000, demand: [400, 0, 1]),
            Setup(perMinute: 6_000, demand: [40, 40, 40]), Setup(perMinute: 60_000, demand: [300, 20, 1, 1, 60]),
            Setup(perMinute: 100_000, demand: [150, 150, 10], tokens: 3_000),
            Setup(perMinute: 10_000, demand: [400, 1], tokens: 2_000),
        ]
    )
    func limit(setup: Setup) { check(setup, seed: 1) }

    @Test(
        "nor when replicas are paused and killed and the database fails",
        arguments: [
            Setup(perMinute: 6_000, demand: [200, 100, 100], hasFaults: true),
            Setup(perMinute: 30, demand: [200, 400, 400], hasFaults: true),
            Setup(perMinute: 200_000, demand: [150, 150, 10], tokens: 3_000, hasFaults: true),
        ],
        1...3 as ClosedRange<UInt64>
    )
    func faults(setup: Setup, seed: UInt64) { check(setup, seed: seed) }

    private func check(_ setup: Setup, seed: UInt64) {
        var cluster = Cluster(setup, seed: seed)
        cluster.run()
        var sums: [Int64] = [0]
        for second in cluster.passed { sums.append(sums[sums.count - 1] + second) }
        for first in sums.indices {
            for last in first..<sums.count {
                // Of a stretch that is shorter by up to two seconds, as calls fall into seconds.
                let most = setup.perMinute + setup.perMinute * Int64(last - first) / 60
                // A call of more than what is left in hand may pass on the edge.
                let slack = most / 10 + max(1, setup.tokens)
                if sums[last] - sums[first] > most + slack {
                    Issue.record("\(sums[last] - sums[first]) instead of \(most) in \(last - first) s, seed \(seed)")
                    return
                }
            }
        }
        // What the burst of the first minute has left comes back evenly.
        let offered = min(100, setup.demand.reduce(0, +))
        let steady = sums[sums.count - 1] - sums[61]
        let expected = setup.perMinute * (Self.minutes - 1) * offered / 100
        let least = setup.hasFaults ? expected * 7 / 10 : expected * 9 / 10
        #expect(steady >= least - max(2, setup.tokens), "\(steady) of \(expected), seed \(seed)")
        if !setup.hasFaults, setup.demand.reduce(0, +) >= 200 {
            #expect(steady <= expected * 11 / 10 + max(2, setup.tokens), "\(steady) of \(expected), seed \(seed)")
        }
    }
}
