import Domain
import Synchronization
import Testing

@testable import Gateway

/// What is counted of calls, over real sockets.
@Suite("what calls leave in metrics", .timeLimit(.minutes(1)))
struct CallMetricsTests {
    private typealias Labels = [String: String]

    /// Every figure by its name and labels; of histograms how often and how much was observed.
    private func figures(_ gateway: TestGateway) async -> [String: String] {
        var figures: [String: String] = [:]
        for family in await gateway.gateway.metrics() {
            for sample in family.samples {
                let labels = sample.labels.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
                let name = family.name.replacing("tokenaudit_", with: "") + (labels.isEmpty ? "" : "{\(labels)}")
                switch sample.reading {
                case .number(let number): figures[name] = "\(number)"
                case .histogram(let histogram): figures[name] = "\(histogram.cumulative.all)"
                }
            }
        }
        return figures
    }

    private func ask(_ gateway: TestGateway, _ body: String = Wire.call, key: String? = TestGateway.key) async throws
        -> String
    {
        try await RawClient.exchange(port: gateway.port, RawClient.post("/v1/chat/completions", key: key, body: body))
    }

    private func request(_ provider: String, _ model: String, _ status: String) -> String {
        "requests{endpoint=chat_completions,provider=\(provider),model=\(model),status=\(status)}"
    }

    @Test("answers, streams, errors and refusals are each counted once, in their place, over all loops")
    func counted() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await TestGateway.with(upstreamPort: upstream.port) { gateway, _ in
            upstream.setScript(.send(Wire.whole(prompt: 10, completion: 2)))
            for _ in 0..<5 { _ = try await ask(gateway) }
            upstream.setScript(
                .send(Wire.streamHead + Wire.delta("one") + Wire.usage(prompt: 7, completion: 1) + Wire.done + Wire.end)
            )
            _ = try await ask(gateway, Wire.streamedCall)
            upstream.setScript(.send(Wire.whole(prompt: 1, completion: 1, status: "500 Internal Server Error")))
            _ = try await ask(gateway)
            upstream.setScript(.send(Wire.whole(prompt: 1, completion: 1, status: "400 Bad Request")))
            _ = try await ask(gateway)
            upstream.setScript(.send(Wire.whole(prompt: 1, completion: 1, status: "401 Unauthorized")))
            _ = try await ask(gateway)
            _ = try await ask(gateway, key: nil)
            _ = try await ask(gateway, "{")
            _ = try await ask(gateway, Wire.call.replacing("\"fake\"", with: "\"nothing\""))
            gateway.journal.state.withLock { $0.answer = { _ in .refused(.insufficientQuota) } }
            _ = try await ask(gateway)

            let figures = await figures(gateway)
            func expect(_ name: String, _ value: String) {
                #expect(figures[name] == value, "\(name) is \(figures[name] ?? "missing")")
            }
            expect("active_requests", "0")
            expect(request("fake", "fake", "2xx"), "6")
            expect(request("fake", "fake", "5xx"), "2")
            expect(request("fake", "fake", "4xx"), "2")
            expect(request("", "", "4xx"), "3")
            expect("upstream_attempts{provider=fake,outcome=answered}", "6")
            expect("upstream_attempts{provider=fake,outcome=provider_error}", "1")
            expect("upstream_attempts{provider=fake,outcome=client_error}", "1")
            expect("upstream_attempts{provider=fake,outcome=refuses_us}", "1")
            expect("upstream_attempts{provider=fake,outcome=timeout}", "0")
            expect("tokens{type=input}", "57")
            expect("tokens{type=output}", "11")
            expect("tokens{type=image_input}", "0")
            // 57 × $0.15 and 11 × $0.60 a million.
            expect("charge_usd", "0.00001515")
            expect("cost_usd", "0.00001515")
            expect("provider_loss_usd", "0")
            expect("refusals{reason=missing_key}", "1")
            expect("refusals{reason=bad_request}", "1")
            expect("refusals{reason=unknown_model}", "1")
            expect("refusals{reason=insufficient_quota}", "1")
            expect("budget_refusals{reason=insufficient_quota}", "1")
            expect("refusals{reason=rate_limited}", "0")
            expect("lost_settlements", "0")
            expect("request_duration_seconds", "13")
            expect("upstream_duration_seconds", "9")
            expect("overhead_seconds", "9")
            expect("time_to_first_token_seconds", "1")
            expect("gen_ai_client_token_usage{gen_ai_operation_name=chat,gen_ai_token_type=input}", "6")
            expect("gen_ai_server_request_duration_seconds{gen_ai_operation_name=chat}", "9")
            expect("gen_ai_server_time_to_first_token_seconds{gen_ai_operation_name=chat}", "1")
        }
        try await upstream.stop()
    }

    @Test("a rate that is passed is counted by whose it is and what of")
    func rates() async throws {
        let upstream = try await ScriptedUpstream.start(.send(Wire.whole(prompt: 10, completion: 2)))
        try await TestGateway.with(upstreamPort: upstream.port) { gateway, _ in
            let rare = Wire.call.replacing("\"fake\"", with: "\"rare\"")
            for _ in 0..<3 { _ = try await ask(gateway, rare) }
            let figures = await figures(gateway)
            #expect(figures["rate_limit_refusals{subject=model,measure=requests_per_minute}"] == "2")
            #expect(figures["rate_limit_refusals{subject=user,measure=requests_per_minute}"] == "0")
            #expect(figures["refusals{reason=rate_limited}"] == "2")
        }
        try await upstream.stop()
    }

    @Test("a bill that nothing took is counted")
    func lost() async throws {
        let upstream = try await ScriptedUpstream.start(.send(Wire.whole(prompt: 10, completion: 2)))
        let journal = MemoryJournal()
        journal.state.withLock { $0.settleOutcome = .lost }
        try await TestGateway.with(upstreamPort: upstream.port, journal: journal) { gateway, _ in
            _ = try await ask(gateway)
            #expect(await figures(gateway)["lost_settlements"] == "1")
        }
        try await upstream.stop()
    }

    @Test("each reason of the gateway's own has a label, and what an upstream does has none")
    func reasons() {
        let upstreams: [CallError] = [
            .upstreamUnreachable, .upstreamRefusesUs, .upstreamTimeout, .upstreamBroken, .upstreamInvalid,
            .outputBeyondHold,
        ]
        for error in upstreams { #expect(RefusalReason(error) == nil) }
        let limit = RateRefusal(subject: .key(APIKeyID(1)), measure: .calls, limit: 1, wait: .unknown)
        let own: [CallError] = [
            .missingKey, .invalidKey, .addressNotAllowed, .badRequest(message: "", member: nil, code: nil),
            .contentEncoding, .bodyTooLarge(limit: 1), .headersTooLarge, .malformedHTTP, .requestTimeout,
            .unknownModel(""), .unpricedModel(""), .uncoveredMember(""), .noRoute(""), .insufficientQuota,
            .heldByRunningCalls, .keyLimitReached, .rateLimited(limit), .directoryBusy, .overloaded,
            .journalUnavailable, .shuttingDown,
        ]
        #expect(own.compactMap { RefusalReason($0) } == RefusalReason.allCases)
    }

    @Test(
        "how a provider's part ended",
        arguments: [
            (CallMachine.Ending.capture(.complete), CallMachine.Finale.tail, 200, "answered"),
            (.capture(.complete), .answer, 200, "answered"), (.void(.answered), .answer, 200, "provider_error"),
            (.void(.answered), .tail, 200, "provider_error"), (.void(.answered), .relayError, 404, "client_error"),
            (.void(.answered), .relayError, 429, "provider_error"),
            (.void(.answered), .relayError, 529, "provider_error"),
            (.void(.answered), .respond(.upstreamRefusesUs), 401, "refuses_us"),
            (.void(.notSent), .respond(.upstreamUnreachable), 200, "unreachable"),
            (.void(.unknown), .respond(.upstreamTimeout), 200, "timeout"),
            (.capture(.upstreamBroke), .breakOff(.upstreamBroken), 200, "interrupted"),
            (.void(.unknown), .respond(.upstreamInvalid), 200, "invalid"),
            (.capture(.cutAtHold), .breakOff(.outputBeyondHold), 200, "beyond_hold"),
            (.capture(.clientGone), .nothing, 200, "abandoned"), (.void(.notSent), .nothing, 200, "abandoned"),
            (.void(.notSent), .respond(.shuttingDown), 200, "abandoned"),
        ]
    )
    func outcomes(ending: CallMachine.Ending, finale: CallMachine.Finale, status: Int, name: String) {
        #expect(UpstreamOutcome(ending, finale: finale, status: status).name == name)
    }

    @Test("routes beyond a thousand are counted together")
    func bounded() {
        var metrics = CallMetrics()
        for id in 1...1_100 { metrics.count(RouteID(Int64(id)), provider: "p", model: "\(id)") { $0.asked(.answered) } }
        #expect(metrics.routes.count == 1_001 && metrics.routes[RouteID(0)]?.attempts(.answered) == 100)
    }
}
