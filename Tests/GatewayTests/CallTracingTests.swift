import Domain
import Foundation
import Testing

@testable import Gateway

/// Which calls are traced, what is told of them, and what their providers and logs see.
@Suite("traces of calls", .timeLimit(.minutes(1)))
struct CallTracingTests {
    private static let trace = "0af7651916cd43dd8448eb211c80319c"
    private static let sampled = "traceparent: 00-\(trace)-b7ad6b7169203331-01\r\n"
    private static let unsampled = "traceparent: 00-\(trace)-b7ad6b7169203331-00\r\n"

    private func ask(_ gateway: TestGateway, _ body: String = Wire.call, headers: String = "") async throws -> String {
        try await RawClient.exchange(
            port: gateway.port,
            RawClient.post("/v1/chat/completions", headers: headers, body: body)
        )
    }

    private func with(
        millionths: Int?,
        _ body: @Sendable (TestGateway, ScriptedUpstream, RecordedTraces) async throws -> Void
    ) async throws {
        let upstream = try await ScriptedUpstream.start(.send(Wire.whole(prompt: 10, completion: 2)))
        let traces = RecordedTraces()
        let tracing = millionths.map { CallTracing(sink: traces, millionths: $0) }
        try await TestGateway.with(upstreamPort: upstream.port, tracing: tracing) { gateway, _ in
            try await body(gateway, upstream, traces)
        }
        try await upstream.stop()
    }

    @Test("a client's trace goes on through the call to the provider")
    func continued() async throws {
        try await with(millionths: 0) { gateway, upstream, traces in
            let answer = try await ask(gateway, headers: Self.sampled + "tracestate: a=1\r\n")
            let trace = try #require(traces.traces.first)
            let asked = try #require(trace.upstream)
            #expect(trace.context.traceID.description == Self.trace && trace.parentID == 0xb7ad_6b71_6920_3331)
            #expect(answer.contains("x-request-id: \(trace.id)\r\n") && trace.statusCode == 200 && trace.refusal == nil)
            #expect(asked.provider == "fake" && asked.model == "fake" && asked.host == "127.0.0.1" && !asked.isStreamed)
            #expect(asked.usage.inputTokens == 10 && asked.usage.outputTokens == 2 && asked.failure == nil)
            let held = try #require(trace.heldAt)
            #expect(trace.beganAt <= held && held <= asked.sentAt && asked.sentAt <= asked.endedAt)
            #expect(asked.endedAt <= trace.endedAt)
            let sent = try #require(upstream.requests.first)
            let parent = TraceContext(traceID: trace.context.traceID, spanID: asked.spanID, isSampled: true)
            #expect(sent.contains("\r\ntraceparent: \(parent)\r\n") && sent.contains("\r\ntracestate: a=1\r\n"))
            #expect(sent.components(separatedBy: "traceparent").count == 2 && asked.spanID != trace.context.spanID)
        }
    }

    @Test(
        "the client decides for its own trace, the setting for calls without one",
        arguments: [
            (nil, Self.sampled, 0), (0, Self.sampled, 1), (0, "", 0), (1_000_000, Self.unsampled, 0),
            (1_000_000, "", 1), (1_000_000, "traceparent: nonsense\r\n", 1),
            (0, Self.sampled + Self.sampled, 0),
        ] as [(Int?, String, Int)]
    )
    func sampling(millionths: Int?, headers: String, count: Int) async throws {
        try await with(millionths: millionths) { gateway, upstream, traces in
            _ = try await ask(gateway, headers: headers)
            #expect(traces.traces.count == count)
            // Untraced, it is the client's own header that arrives.
            if count == 0, headers == Self.sampled || headers == Self.unsampled {
                #expect(upstream.requests.first?.contains("\r\n" + headers) == true)
            }
        }
    }

    @Test("a refused call is one span without a provider, a failed one says how")
    func failures() async throws {
        try await with(millionths: 1_000_000) { gateway, upstream, traces in
            _ = try await ask(gateway, Wire.call.replacing("\"fake\"", with: "\"nothing\""))
            upstream.setScript(.close)
            _ = try await ask(gateway)
            let told = traces.traces
            #expect(told.count == 2 && told[0].upstream == nil && told[0].refusal == "unknown_model")
            #expect(told[0].statusCode == 404 && told[0].heldAt == nil)
            #expect(told[1].upstream?.failure == "interrupted" && told[1].statusCode == 502 && told[1].refusal == nil)
        }
    }
}
