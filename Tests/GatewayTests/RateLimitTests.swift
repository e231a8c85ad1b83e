import Domain
import Synchronization
import Testing

@testable import Gateway

/// Rates, addresses and models that a key is held to, over real sockets.
@Suite("what limits a key", .timeLimit(.minutes(1)))
struct RateLimitTests {
    private static let whole = Wire.whole(prompt: 10, completion: 2)

    private func principal(
        key: RateLimit = .none,
        user: RateLimit = .none,
        models: Set<ModelID>? = nil,
        addresses: [String]? = nil
    ) -> Principal {
        Principal(
            userID: UserID(7),
            keyID: APIKeyID(7),
            isActive: true,
            groups: [ModelGroupID(1)],
            allowedModels: models,
            allowedAddresses: addresses.map { $0.compactMap { AddressRange(parsing: $0) } },
            keyRateLimit: key,
            userRateLimit: user
        )
    }

    private func call(
        _ port: Int,
        headers: String = "",
        body: String = Wire.call,
        key: String = TestGateway.limitedKey
    ) async throws -> String {
        try await RawClient.exchange(
            port: port,
            RawClient.post("/v1/chat/completions", key: key, headers: headers, body: body)
        )
    }

    private func expectRefused(_ answer: String, _ message: String) {
        #expect(answer.hasPrefix("HTTP/1.1 429 ") && answer.contains(#""code":"rate_limit_exceeded""#), "\(answer)")
        #expect(answer.contains(#""type":"rate_limit_error""#) && answer.contains(message), "\(answer)")
        #expect(answer.contains("\r\nRetry-After: ") && answer.contains("\r\nretry-after-ms: "), "\(answer)")
        #expect(!answer.contains("x-tokenaudit-cost") && !answer.contains("\r\nRetry-After: 0"))
    }

    @Test("requests a minute: told on every answer, and the one too many asks no journal and no provider")
    func requests() async throws {
        let upstream = try await ScriptedUpstream.start(.send(Self.whole))
        let limited = principal(key: RateLimit(requestsPerMinute: 2), user: RateLimit(requestsPerMinute: 100))
        try await TestGateway.with(upstreamPort: upstream.port, limited: limited) { gateway, _ in
            for left in ["1", "0"] {
                let answer = try await call(gateway.port)
                #expect(answer.hasPrefix("HTTP/1.1 200 ") && answer.contains("\r\nx-ratelimit-limit-requests: 2\r\n"))
                #expect(answer.contains("\r\nx-ratelimit-remaining-requests: \(left)\r\n"))
                #expect(answer.contains("\r\nx-ratelimit-reset-requests: ") && !answer.contains("-tokens: "))
            }
            let answer = try await call(gateway.port)
            expectRefused(answer, "Rate limit reached for this API key: 2 requests per minute. Please try again in ")
            #expect(answer.contains("\r\nx-ratelimit-remaining-requests: 0\r\n"))
            #expect(gateway.journal.state.withLock { $0.admitted.count } == 2 && upstream.requests.count == 2)
            // Nobody else waits.
            #expect(try await call(gateway.port, key: TestGateway.key).hasPrefix("HTTP/1.1 200 "))
        }
        try await upstream.stop()
    }

    @Test(
        "tokens a minute: an answer's real usage is what counts in the end; a request beyond them is not to come again"
    )
    func tokens() async throws {
        let upstream = try await ScriptedUpstream.start(.send(Wire.whole(prompt: 600, completion: 300)))
        let limited = principal(user: RateLimit(tokensPerMinute: 2_000))
        try await TestGateway.with(upstreamPort: upstream.port, limited: limited) { gateway, _ in
            let first = try await call(gateway.port)
            #expect(first.hasPrefix("HTTP/1.1 200 ") && first.contains("\r\nx-ratelimit-limit-tokens: 2000\r\n"))
            // 2,000 less 900 is room enough; 2,000 less 1,800 is not, nor comes it soon.
            #expect(try await call(gateway.port).hasPrefix("HTTP/1.1 200 "))
            expectRefused(try await call(gateway.port), "your account: 2000 tokens per minute")
            let words = String(repeating: "one two three ", count: 800)
            let large = Wire.call.replacing("hi", with: words)
            let refused = try await call(gateway.port, body: large)
            #expect(refused.hasPrefix("HTTP/1.1 429 ") && refused.contains("\r\nx-should-retry: false\r\n"))
            #expect(refused.contains("larger than the limit of your account") && !refused.contains("Retry-After"))
        }
        try await upstream.stop()
    }

    @Test("a streamed answer and an error are told it too")
    func everyAnswer() async throws {
        let upstream = try await ScriptedUpstream.start()
        upstream.setScript(
            .send(Wire.streamHead + Wire.delta("one") + Wire.usage(prompt: 1, completion: 1) + Wire.done + Wire.end)
        )
        let limited = principal(key: RateLimit(requestsPerMinute: 9))
        try await TestGateway.with(upstreamPort: upstream.port, limited: limited) { gateway, _ in
            let stream = try await call(gateway.port, body: Wire.streamedCall)
            #expect(stream.contains("\r\nx-ratelimit-remaining-requests: 8\r\n") && stream.contains("[DONE]"))
            upstream.setScript(.send("nonsense"), .close)
            let error = try await call(gateway.port)
            #expect(error.hasPrefix("HTTP/1.1 502 ") && error.contains("\r\nx-ratelimit-remaining-requests: 7\r\n"))
            // What is refused for what it is does not count.
            #expect(try await call(gateway.port, body: "{").hasPrefix("HTTP/1.1 400 "))
            upstream.setScript(.send(Self.whole))
            #expect(try await call(gateway.port).contains("\r\nx-ratelimit-remaining-requests: 6\r\n"))
        }
        try await upstream.stop()
    }

    @Test("a model's limit is everybody's")
    func model() async throws {
        let upstream = try await ScriptedUpstream.start(.send(Self.whole))
        let body = Wire.call.replacing("\"fake\"", with: "\"rare\"")
        try await TestGateway.with(upstreamPort: upstream.port, limited: principal()) { gateway, _ in
            #expect(try await call(gateway.port, body: body).hasPrefix("HTTP/1.1 200 "))
            let refused = try await call(gateway.port, body: body, key: TestGateway.key)
            expectRefused(refused, "this model: 1 requests per minute")
            #expect(try await call(gateway.port).hasPrefix("HTTP/1.1 200 "))
        }
        try await upstream.stop()
    }

    @Test("calls at a time: refused while one runs, let in after it, however it ended")
    func calls() async throws {
        let upstream = try await ScriptedUpstream.start()
        let limited = principal(key: RateLimit(concurrentCalls: 1))
        try await TestGateway.with(upstreamPort: upstream.port, limited: limited) { gateway, _ in
            func expectRoom(after what: String) async throws {
                await gateway.gateway.drained()
                upstream.setScript(.send(Self.whole))
                #expect(try await call(gateway.port).hasPrefix("HTTP/1.1 200 "), "after \(what)")
            }
            upstream.setScript(
                .send(Wire.streamHead + Wire.delta("one")),
                .waitForTest,
                .send(Wire.usage(prompt: 1, completion: 1) + Wire.done + Wire.end)
            )
            let client = try await RawClient.connect(port: gateway.port)
            let request = RawClient.post("/v1/chat/completions", key: TestGateway.limitedKey, body: Wire.streamedCall)
            try await client.send(request)
            _ = await client.read { $0.contains("one") }
            expectRefused(try await call(gateway.port), "this API key: 1 concurrent calls")
            upstream.proceed()
            _ = await client.read { $0.contains("[DONE]") }
            try await expectRoom(after: "a stream's end")

            upstream.setScript(.send(Wire.whole(prompt: 1, completion: 1, status: "500 Oops")))
            #expect(try await call(gateway.port).hasPrefix("HTTP/1.1 500 "))
            try await expectRoom(after: "an error of the provider's")

            upstream.setScript(.close)
            #expect(try await call(gateway.port).hasPrefix("HTTP/1.1 502 "))
            try await expectRoom(after: "a broken answer")

            gateway.journal.state.withLock { $0.answer = { _ in .refused(.insufficientQuota) } }
            #expect(try await call(gateway.port).contains("insufficient_quota"))
            gateway.journal.state.withLock { $0.answer = { _ in .unavailable } }
            #expect(try await call(gateway.port).hasPrefix("HTTP/1.1 503 "))
            gateway.journal.state.withLock { $0.answer = MemoryJournal.holdBound }
            try await expectRoom(after: "a refusal of the journal's")

            upstream.setScript(.send(Wire.streamHead + Wire.delta("one")), .waitForTest, .send(Wire.done + Wire.end))
            let leaving = try await RawClient.connect(port: gateway.port)
            try await leaving.send(request)
            _ = await leaving.read { $0.contains("one") }
            try await leaving.reset()
            upstream.proceed()
            try await expectRoom(after: "a client that left")

            gateway.journal.state.withLock { $0.settleOutcome = .lost }
            upstream.setScript(.send(Self.whole))
            _ = try await call(gateway.port)
            gateway.journal.state.withLock { $0.settleOutcome = .durable }
            try await expectRoom(after: "a bill that was lost")
        }
        try await upstream.stop()
    }

    @Test("users without a limit of their own have the usual one; their own comes before it")
    func usual() async throws {
        let upstream = try await ScriptedUpstream.start(.send(Self.whole))
        var settings = TestGateway.settings()
        settings.userRateLimit = RateLimit(requestsPerMinute: 1)
        let limited = principal(user: RateLimit(requestsPerMinute: 50))
        try await TestGateway.with(upstreamPort: upstream.port, settings: settings, limited: limited) { gateway, _ in
            for _ in 0..<3 { #expect(try await call(gateway.port).hasPrefix("HTTP/1.1 200 ")) }
            #expect(try await call(gateway.port, key: TestGateway.key).hasPrefix("HTTP/1.1 200 "))
            expectRefused(try await call(gateway.port, key: TestGateway.key), "your account: 1 requests per minute")
        }
        try await upstream.stop()
    }

    // MARK: - Addresses and models

    @Test(
        "a key is used from its addresses only, and nobody invents one: without a trusted proxy the peer is what counts"
    )
    func addresses() async throws {
        let upstream = try await ScriptedUpstream.start(.send(Self.whole))
        let inside = "X-Forwarded-For: 203.0.113.9\r\n"
        let limited = principal(addresses: ["203.0.113.0/24"])
        try await TestGateway.with(upstreamPort: upstream.port, limited: limited) { gateway, _ in
            for headers in ["", inside] {
                let answer = try await call(gateway.port, headers: headers)
                #expect(answer.hasPrefix("HTTP/1.1 403 ") && answer.contains(#""code":"ip_not_authorized""#))
            }
            #expect(gateway.journal.state.withLock { $0.admitted.isEmpty } && upstream.requests.isEmpty)
        }
        var settings = TestGateway.settings()
        settings.trustedProxies = TrustedProxies([try #require(AddressRange(parsing: "127.0.0.0/8"))])
        try await TestGateway.with(upstreamPort: upstream.port, settings: settings, limited: limited) { gateway, _ in
            for headers in ["", "X-Forwarded-For: 203.0.113.9, 198.51.100.1\r\n", "X-Forwarded-For: 203.0.113.9:x\r\n"]
            {
                let answer = try await call(gateway.port, headers: headers)
                #expect(answer.hasPrefix("HTTP/1.1 403 "))
            }
            for headers in [inside, "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 203.0.113.9, 127.0.0.2\r\n"] {
                let answer = try await call(gateway.port, headers: headers)
                #expect(answer.hasPrefix("HTTP/1.1 200 "))
            }
            let addresses = gateway.journal.state.withLock { $0.admitted.map(\.call.clientAddress) }
            #expect(addresses == ["203.0.113.9", "203.0.113.9"])
            #expect(!upstream.requests.contains { $0.lowercased().contains("x-forwarded") })
        }
        try await upstream.stop()
    }

    @Test("what the bill says of the address is the connection's, unless a trusted proxy knows better")
    func billedAddress() async throws {
        let upstream = try await ScriptedUpstream.start(.send(Self.whole))
        try await TestGateway.with(upstreamPort: upstream.port, limited: principal()) { gateway, _ in
            let answer = try await call(gateway.port, headers: "X-Forwarded-For: 6.6.6.6\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 200 "))
            #expect(gateway.journal.state.withLock { $0.admitted.first?.call.clientAddress } == "127.0.0.1")
        }
        try await upstream.stop()
    }

    @Test("a key is used for its models only")
    func models() async throws {
        let upstream = try await ScriptedUpstream.start(.send(Self.whole))
        let limited = principal(models: [ModelID(1)])
        try await TestGateway.with(upstreamPort: upstream.port, limited: limited) { gateway, _ in
            #expect(try await call(gateway.port).hasPrefix("HTTP/1.1 200 "))
            let other = try await call(gateway.port, body: Wire.call.replacing("\"fake\"", with: "\"scripted\""))
            #expect(other.hasPrefix("HTTP/1.1 404 ") && other.contains("model_not_found"))
            #expect(gateway.journal.state.withLock { $0.admitted.count } == 1)
        }
        try await upstream.stop()
    }
}
