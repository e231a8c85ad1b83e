import Dispatch
import Domain
import Synchronization
import Testing

@testable import Gateway

/// Gateways whose rates are counted together, over real sockets.
@Suite("rates that gateways share", .timeLimit(.minutes(1)))
struct SharedRateLimitTests {
    /// What the database is to replicas; it may fall silent.
    private final class MemoryCounter: RateCounter {
        private struct State {
            var buckets: [Int64: TokenBucket] = [:]
            var isSilent = false
            var unanswered: [@Sendable (RateAnswer?) -> Void] = []
            var rounds = 0
        }

        private let state = Mutex(State())
        private let thread = DispatchQueue(label: "counter")

        /// Of calls that waited.
        var rounds: Int { state.withLock { $0.rounds } }
        var waiting: Int { state.withLock { $0.unanswered.count } }

        func setSilent(_ isSilent: Bool) { state.withLock { $0.isSilent = isSilent } }

        /// The rounds that were not answered have failed.
        func fail() {
            let unanswered = state.withLock { state in
                defer { state.unanswered = [] }
                return state.unanswered
            }
            for then in unanswered { then(nil) }
        }

        func draw(_ draws: [RateDraw], then: @escaping @Sendable (RateAnswer?) -> Void) {
            thread.async { [self] in
                let answer = state.withLock { state -> RateAnswer? in
                    if draws.contains(where: { !$0.needs.isEmpty }) { state.rounds += 1 }
                    guard !state.isSilent else {
                        state.unanswered.append(then)
                        return nil
                    }
                    let now = Uptime(nanoseconds: 1_000_000_000)
                    let grants = draws.map { draw in
                        if draw.bucket.measure == .calls { return draw.grant(besides: 0) }
                        let full = TokenBucket(perMinute: draw.limit, at: now)
                        return state.buckets[draw.bucket.number, default: full].draw(draw, at: now)
                    }
                    return RateAnswer(grants: grants, replicas: 2)
                }
                if let answer { then(answer) }
            }
        }
    }

    private static let whole = Wire.whole(prompt: 10, completion: 2)

    private func principal(_ limit: RateLimit) -> Principal {
        Principal(userID: UserID(7), keyID: APIKeyID(7), isActive: true, groups: [ModelGroupID(1)], keyRateLimit: limit)
    }

    private func call(_ port: Int) async throws -> String {
        try await RawClient.exchange(
            port: port,
            RawClient.post("/v1/chat/completions", key: TestGateway.limitedKey, body: Wire.call)
        )
    }

    @Test("two gateways let through as many as one, and tell what both have left")
    func together() async throws {
        let upstream = try await ScriptedUpstream.start(.send(Self.whole))
        let (counter, port) = (MemoryCounter(), upstream.port)
        let limited = principal(RateLimit(requestsPerMinute: 4, tokensPerMinute: 100_000))
        try await TestGateway.with(upstreamPort: port, limited: limited, counter: counter) { one, _ in
            try await TestGateway.with(upstreamPort: port, limited: limited, counter: counter) { other, _ in
                for left in 0..<4 {
                    let answer = try await call(left % 2 == 0 ? one.port : other.port)
                    #expect(answer.hasPrefix("HTTP/1.1 200 "), "\(answer)")
                    #expect(answer.contains("\r\nx-ratelimit-remaining-requests: \(3 - left)\r\n"), "\(answer)")
                }
                for gateway in [one, other] {
                    let answer = try await call(gateway.port)
                    #expect(answer.hasPrefix("HTTP/1.1 429 ") && answer.contains("this API key: 4 requests per minute"))
                    #expect(answer.contains("\r\nRetry-After: 15\r\n"), "\(answer)")
                }
                // Both know now; the clock stands still.
                let rounds = counter.rounds
                for _ in 0..<20 { #expect(try await call(one.port).hasPrefix("HTTP/1.1 429 ")) }
                #expect(counter.rounds == rounds)
                #expect(one.journal.state.withLock { $0.admitted.count } == 2)
            }
        }
        try await upstream.stop()
    }

    @Test(
        "where nobody answers a call waits for two seconds and is told that it could not be counted; its place is free"
    )
    func silent() async throws {
        let upstream = try await ScriptedUpstream.start(.send(Self.whole))
        let counter = MemoryCounter()
        counter.setSilent(true)
        let limited = principal(RateLimit(requestsPerMinute: 4, concurrentCalls: 1))
        try await TestGateway.with(
            upstreamPort: upstream.port,
            limited: limited,
            counter: counter,
            uptime: { Uptime.now() }
        ) { gateway, _ in
            let began = ContinuousClock.now
            let answer = try await call(gateway.port)
            #expect(answer.hasPrefix("HTTP/1.1 503 ") && answer.contains("ledger_unavailable"), "\(answer)")
            #expect(ContinuousClock.now - began >= .milliseconds(1_900))
            #expect(gateway.gateway.runningCalls == 0 && upstream.requests.isEmpty)
            #expect(gateway.journal.state.withLock { $0.admitted.isEmpty })
            counter.setSilent(false)
            counter.fail()
            while try await !call(gateway.port).hasPrefix("HTTP/1.1 200 ") {
                try await Task.sleep(for: .milliseconds(50))
            }
        }
        try await upstream.stop()
    }

    @Test("a client that leaves while its call waits takes nothing with it")
    func left() async throws {
        let upstream = try await ScriptedUpstream.start(.send(Self.whole))
        let counter = MemoryCounter()
        counter.setSilent(true)
        let limited = principal(RateLimit(requestsPerMinute: 4, concurrentCalls: 1))
        try await TestGateway.with(
            upstreamPort: upstream.port,
            limited: limited,
            counter: counter,
            uptime: { Uptime.now() }
        ) { gateway, _ in
            let client = try await RawClient.connect(port: gateway.port)
            try await client.send(RawClient.post("/v1/chat/completions", key: TestGateway.limitedKey, body: Wire.call))
            while counter.waiting == 0 { try await Task.sleep(for: .milliseconds(5)) }
            #expect(gateway.gateway.runningCalls == 1)
            try await client.reset()
            while gateway.gateway.runningCalls > 0 { try await Task.sleep(for: .milliseconds(5)) }
            counter.setSilent(false)
            counter.fail()
            while try await !call(gateway.port).hasPrefix("HTTP/1.1 200 ") {
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(upstream.requests.count == 1)
        }
        try await upstream.stop()
    }
}
