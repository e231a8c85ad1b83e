import Domain
import NIOCore
import Testing

@testable import Gateway

/// A client that leaves with a reset; of what the provider goes on to send, the bill is made.
@Suite("a client that leaves", .timeLimit(.minutes(1)))
struct LeavingTests {
    @Test("an answer that is not streamed is read to its usage, however large it is", arguments: [8 << 20, 1_024])
    func whole(heldBytes: Int) async throws {
        let answer = Wire.whole(String(repeating: "x", count: 20_000), prompt: 10, completion: 2)
        let upstream = try await ScriptedUpstream.start(.waitForTest, .send(answer))
        var settings = TestGateway.settings()
        settings.limits.drainBytes = 4_096
        settings.limits.heldAnswerBytes = heldBytes
        try await TestGateway.with(upstreamPort: upstream.port, settings: settings) { gateway, _ in
            let client = try await RawClient.connect(port: gateway.port)
            try await client.send(RawClient.post("/v1/chat/completions", body: Wire.call))
            await upstream.received(1)
            try await client.reset()
            upstream.proceed()
            let bill = try #require(await gateway.journal.settled(1).first)
            #expect(bill.result.outcome == .captured)
            #expect(bill.result.usage[.input] == 10 && bill.result.usage[.output] == 2)
        }
        try await upstream.stop()
    }

    @Test("a stream is drained for its deadline, also where the client left before the head")
    func beforeHead() async throws {
        let upstream = try await ScriptedUpstream.start(
            .waitForTest,
            .send(Wire.streamHead + Wire.delta("one")),
            .waitForTest
        )
        var settings = TestGateway.settings()
        settings.deadlines.drainSeconds = 0.05
        settings.deadlines.upstreamIdleSeconds = 20
        try await TestGateway.with(upstreamPort: upstream.port, settings: settings) { gateway, _ in
            let client = try await RawClient.connect(port: gateway.port)
            try await client.send(RawClient.post("/v1/chat/completions", body: Wire.streamedCall))
            await upstream.received(1)
            try await client.reset()
            upstream.proceed()
            let bill = try #require(await gateway.journal.settled(1).first)
            #expect(bill.result.outcome == .captured && bill.result.charge == bill.hold.amount)
            #expect(bill.result.flags.isSuperset(of: [.clientGone, .unknownOutput, .estimated]))
            #expect(bill.result.durationMilliseconds < 20_000, "the drain ended it, not the idle deadline")
        }
        try await upstream.stop()
    }
}
