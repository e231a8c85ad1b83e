import Domain
import Foundation
import Testing

@testable import Admin

@Suite("traces as OTLP has them") struct OTLPTracesTests {
    private static let traceID = TraceID(high: 0x0af7_6519_16cd_43dd, low: 0x8448_eb21_1c80_319c)

    private func trace(status: Int = 200, refusal: String? = nil, upstream: CallTrace.Upstream? = nil) -> CallTrace {
        CallTrace(
            id: CallID(high: 1, low: 2),
            context: TraceContext(traceID: Self.traceID, spanID: 0xA, isSampled: true),
            parentID: upstream == nil ? nil : 0xB,
            endpoint: .chatCompletions,
            beganAt: 1_000,
            heldAt: upstream.map { _ in 2_000 },
            endedAt: 9_000,
            statusCode: status,
            refusal: refusal,
            upstream: upstream
        )
    }

    private func upstream(failure: String? = nil) -> CallTrace.Upstream {
        var usage = Usage()
        usage.set(.input, to: 20, .reported)
        usage.set(.cacheRead, to: 80, .reported)
        usage.set(.output, to: 5, .reported)
        usage.set(.reasoning, to: 2, .reported)
        return CallTrace.Upstream(
            spanID: 0xC,
            dialect: .openai,
            provider: "our \"account\"",
            host: "api.openai.com",
            port: 443,
            model: "gpt",
            isStreamed: true,
            sentAt: 3_000,
            firstOutputAt: 1_500_003_000,
            endedAt: 8_000,
            usage: usage,
            failure: failure
        )
    }

    /// The spans, each with its attributes as plain values.
    private func spans(_ traces: [CallTrace]) throws -> [(span: [String: Any], facts: [String: String])] {
        let text = OTLPTraces(traces: traces, version: "1.2.3").text
        let json = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        let resource = try #require((json?["resourceSpans"] as? [[String: Any]])?.first)
        #expect("\(resource["resource"] ?? "")".contains("service.name"))
        let scope = try #require((resource["scopeSpans"] as? [[String: Any]])?.first)
        return try #require(scope["spans"] as? [[String: Any]]).map { span in
            var facts: [String: String] = [:]
            for fact in span["attributes"] as? [[String: Any]] ?? [] {
                guard let key = fact["key"] as? String, let value = fact["value"] as? [String: Any] else { continue }
                #expect(value.count == 1 && facts[key] == nil)
                facts[key] = value.values.map { "\($0)" }.first
            }
            return (span, facts)
        }
    }

    @Test("a call is a server's span, and under it a client's one by the GenAI conventions")
    func call() throws {
        let spans = try spans([trace(upstream: upstream())])
        #expect(spans.count == 2)
        let (server, client) = (spans[0], spans[1])
        #expect(server.span["traceId"] as? String == "0af7651916cd43dd8448eb211c80319c")
        #expect(server.span["spanId"] as? String == "000000000000000a")
        #expect(server.span["parentSpanId"] as? String == "000000000000000b")
        #expect(server.span["name"] as? String == "POST /v1/chat/completions" && server.span["kind"] as? Int == 2)
        #expect(
            server.span["startTimeUnixNano"] as? String == "1000" && server.span["endTimeUnixNano"] as? String == "9000"
        )
        #expect(
            server.facts == [
                "http.request.method": "POST", "http.route": "/v1/chat/completions",
                "http.response.status_code": "200", "tokenaudit.request_id": "00000000-0000-0001-0000-000000000002",
            ]
        )
        let events = server.span["events"] as? [[String: Any]]
        #expect(events?.compactMap { $0["name"] as? String } == ["admitted", "settling"])
        #expect(client.span["parentSpanId"] as? String == "000000000000000a")
        #expect(client.span["name"] as? String == "chat gpt" && client.span["kind"] as? Int == 3)
        #expect((client.span["status"] as? [String: Any])?["code"] as? Int == 0)
        #expect(
            client.facts == [
                "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt",
                "gen_ai.request.stream": "1", "server.address": "api.openai.com", "server.port": "443",
                "tokenaudit.provider": "our \"account\"", "gen_ai.usage.input_tokens": "100",
                "gen_ai.usage.output_tokens": "7", "gen_ai.usage.cache_read.input_tokens": "80",
                "gen_ai.usage.reasoning.output_tokens": "2", "gen_ai.response.time_to_first_chunk": "1.5",
            ]
        )
    }

    @Test("a refusal is one span; a server's span has failed where its client saw 5xx, a client's wherever it did")
    func failures() throws {
        let spans = try spans([
            trace(status: 429, refusal: "insufficient_quota"),
            trace(status: 502, upstream: upstream(failure: "interrupted")),
            trace(status: 0),
        ])
        func code(_ index: Int) -> Int? { (spans[index].span["status"] as? [String: Any])?["code"] as? Int }
        #expect(spans.count == 4)
        #expect(spans[0].facts["error.type"] == "insufficient_quota" && code(0) == 0 && spans[0].span["events"] == nil)
        #expect(spans[0].span["parentSpanId"] == nil)
        #expect(spans[1].facts["error.type"] == "interrupted" && code(1) == 2)
        #expect(spans[2].facts["error.type"] == "interrupted" && code(2) == 2)
        #expect(spans[3].facts["http.response.status_code"] == nil && code(3) == 0)
    }

    @Test("what waits is bounded, what is too much is dropped and counted")
    func bounded() async {
        let queue = TraceQueue()
        for _ in 0..<TraceQueue.limit + 7 { queue.keep(trace()) }
        #expect(queue.figures == (TraceQueue.limit, 0, 7))
        #expect(queue.take(256).count == 256 && queue.figures.waiting == TraceQueue.limit - 256)
        queue.count(exported: 200, dropped: 56)
        #expect(queue.figures == (TraceQueue.limit - 256, 200, 63))
    }
}
