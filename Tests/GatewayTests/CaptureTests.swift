import Domain
import NIOCore
import Synchronization
import Testing

@testable import Gateway

/// Bodies on their way past, over real sockets.
@Suite("what is kept of bodies", .timeLimit(.minutes(1)))
struct CaptureTests {
    /// Remembers what it was given.
    final class MemorySink: BodySink {
        private let calls = Mutex<[CapturedCall]>([])

        func keep(_ call: CapturedCall) { calls.withLock { $0.append(call) } }

        /// Takes them, so that nothing is held on to.
        func take() -> [CapturedCall] {
            calls.withLock { calls in
                defer { calls = [] }
                return calls
            }
        }
    }

    private static func text(_ body: CapturedBody) -> String { String(decoding: body.bytes, as: UTF8.self) }

    private static func principal(_ capture: Capture?) -> Principal {
        Principal(
            userID: UserID(7),
            keyID: APIKeyID(7),
            isActive: true,
            groups: [ModelGroupID(1)],
            capture: capture
        )
    }

    /// One call with the limited key. - Returns: what was kept, and what was answered.
    private func call(
        _ setting: Capture,
        key: Capture? = nil,
        answer: String,
        body: String,
        mostBytes: Int = 1 << 16,
        budgetBytes: Int = 1 << 20
    ) async throws -> (kept: [CapturedCall], answer: String) {
        let sink = MemorySink()
        let capture = BodyCapture(sink: sink, budgetBytes: budgetBytes)
        capture.set(setting, mostBytes: mostBytes)
        let upstream = try await ScriptedUpstream.start(.send(answer))
        let answered = Mutex("")
        try await TestGateway.with(
            upstreamPort: upstream.port,
            limited: Self.principal(key),
            capture: capture
        ) { gateway, _ in
            let text = try await RawClient.exchange(
                port: gateway.port,
                RawClient.post("/v1/chat/completions", key: TestGateway.limitedKey, body: body)
            )
            answered.withLock { $0 = text }
        }
        try await upstream.stop()
        return (sink.take(), answered.withLock { $0 })
    }

    private static let stream =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
        + "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"one \"}}]}\n\n"
        + "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"two\"},\"finish_reason\":\"stop\"}]}\n\n"
        + "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":2,\"total_tokens\":12}}\n\n"
        + "data: [DONE]\n\n"

    @Test(
        "the key's word goes before the setting",
        arguments: [
            (Capture.off, nil, nil), (.off, .full, .full), (.off, .metadata, .metadata), (.metadata, nil, .metadata),
            (.full, nil, .full), (.full, .off, nil), (.full, .metadata, .metadata),
        ] as [(Capture, Capture?, Capture?)]
    )
    func rule(setting: Capture, key: Capture?, kept: Capture?) async throws {
        let whole = Wire.whole(prompt: 10, completion: 2)
        let found = try await call(setting, key: key, answer: whole, body: Wire.call).kept
        #expect(found.map(\.capture) == [kept].compactMap(\.self))
    }

    @Test("in full: the client's own bytes, and what it was sent")
    func full() async throws {
        let whole = Wire.whole("an answer", prompt: 10, completion: 2)
        let (kept, _) = try await call(.full, answer: whole, body: Wire.call)
        let (request, answer) = try #require(kept.first).read()
        #expect(Self.text(request) == Wire.call && request.wholeBytes == Int64(Wire.call.utf8.count))
        #expect(whole.hasSuffix("\r\n\r\n" + Self.text(answer)) && !answer.isTruncated && !request.isTruncated)
        let (streamed, sent) = try await call(.full, answer: Self.stream, body: Wire.streamedCall)
        let events = try #require(streamed.first).read().answer
        #expect(streamed[0].isStreamed && Self.text(events).hasSuffix("data: [DONE]\n\n"))
        // Usage that the client did not ask for is not sent to it.
        #expect(Self.text(events).contains("one ") && !Self.text(events).contains("usage"))
        #expect(sent.contains("data: [DONE]"))
    }

    @Test("metadata has no word of it")
    func metadata() async throws {
        let (kept, _) = try await call(.metadata, answer: Self.stream, body: Wire.streamedCall)
        let (request, answer) = try #require(kept.first).read()
        #expect(Self.text(request).contains(#""messages":[{"role":"user","content_bytes":"#))
        #expect(
            Self.text(answer).contains(#""finish_reason":"stop","content_bytes":7"#)
                && !Self.text(answer).contains("two")
        )
    }

    @Test("what is longer is cut off and marked; without room in memory nothing is kept, and the call goes on")
    func bounded() async throws {
        let long = Wire.whole(String(repeating: "x", count: 20_000), prompt: 10, completion: 2)
        let cut = try await call(.full, answer: long, body: Wire.call, mostBytes: 2_000)
        let answer = try #require(cut.kept.first).read().answer
        #expect(answer.bytes.count == 2_000 && answer.isTruncated && answer.wholeBytes > 20_000)
        let crowded = try await call(.full, answer: long, body: Wire.call, budgetBytes: Wire.call.utf8.count + 10)
        let (request, none) = try #require(crowded.kept.first).read()
        #expect(Self.text(request) == Wire.call && none.bytes.isEmpty && none.isTruncated && none.wholeBytes > 20_000)
        for answer in [cut.answer, crowded.answer] { #expect(answer.hasPrefix("HTTP/1.1 200 OK")) }
    }

    @Test("an error of the provider or of ours is an answer; what was never admitted is not kept")
    func errors() async throws {
        let relayed =
            "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: 42\r\n\r\n"
            + #"{"error":{"message":"no","type":"t_____"}}"#
        let kept = try await call(.full, answer: relayed, body: Wire.call).kept
        #expect(Self.text(try #require(kept.first).read().answer).contains(#""message":"no""#))
        let ours = try await call(.full, answer: "nonsense\r\n\r\n", body: Wire.call).kept
        #expect(Self.text(try #require(ours.first).read().answer).hasPrefix(#"{"error":{"#))
        #expect(try await call(.full, answer: relayed, body: "{}").kept.isEmpty)
    }

    @Test("small pieces of large reads are copied, large ones kept as they are; the budget has all of it back")
    func pieces() {
        let budget = BodyBudget(limit: 1 << 20)
        var expected: [UInt8] = []
        var pieces = KeptPieces(mostBytes: 100_000)
        for number in 0..<200 {
            var read = ByteBuffer(repeating: UInt8(number), count: 65_536)
            let size = number % 3 == 0 ? 300 : 4
            let piece = read.readSlice(length: size) ?? ByteBuffer()
            expected += Array(piece.readableBytesView)
            pieces.append(number % 7 == 0 ? ByteBuffer(bytes: Array(piece.readableBytesView)) : piece, from: budget)
        }
        #expect(pieces.bytes() == expected && pieces.keptBytes == expected.count)
        #expect(!budget.take((1 << 20) - pieces.keptBytes + 1) && budget.take((1 << 20) - pieces.keptBytes))
    }

    @Test("the budget is whole again once calls are read and gone")
    func givenBack() async throws {
        let budget = BodyBudget(limit: 10_000)
        do {
            var capture = CallCapture(isWhole: true, mostBytes: 5_000, budget: budget)
            capture.take(request: ByteBuffer(repeating: 1, count: 5_000))
            capture.take(answer: ByteBuffer(repeating: 2, count: 9_000))
            let call = capture.call(CallID(high: 1, low: 2), isStreamed: false)
            #expect(!budget.take(1))
            #expect(
                call.read().answer
                    == CapturedBody(bytes: Array(repeating: 2, count: 5_000), wholeBytes: 9_000, isTruncated: true)
            )
        }
        #expect(budget.take(10_000))
    }
}
