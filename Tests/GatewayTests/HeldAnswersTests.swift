import Domain
import Foundation
import NIOCore
import Testing

@testable import Gateway

/// Answers held whole share a budget; without room in it, an answer passes as one too large to be held.
@Suite("answers that are held", .timeLimit(.minutes(1)))
struct HeldAnswersTests {
    private func answer(_ bytes: Int) -> String {
        Wire.whole(String(repeating: "x", count: bytes), prompt: 10, completion: 2)
    }

    @Test("the budget holds what fits, ten times over, after answers that did not fit or broke off")
    func givenBack() async throws {
        let upstream = try await ScriptedUpstream.start()
        var settings = TestGateway.settings()
        settings.limits.heldAnswersBytes = 100_000
        try await TestGateway.with(upstreamPort: upstream.port, settings: settings) { gateway, _ in
            func ask(_ steps: [ScriptedUpstream.Step]) async throws -> String {
                upstream.setScript(steps)
                return try await RawClient.exchange(
                    port: gateway.port,
                    RawClient.post("/v1/chat/completions", body: Wire.call)
                )
            }
            for _ in 0..<10 {
                let small = try await ask([.send(answer(1_000))])
                #expect(small.contains("x-tokenaudit-cost: 0.0000027\r\n"))
                let fitting = try await ask([.send(answer(90_000))])
                #expect(fitting.contains("x-tokenaudit-cost: 0.0000027\r\n"))
                let large = try await ask([.send(answer(200_000))])
                #expect(!large.contains("x-tokenaudit-cost") && large.hasSuffix(answer(200_000).suffix(200_000)))
                let broken = try await ask([.send(String(answer(150_000).dropLast(60_000))), .close])
                #expect(broken.hasPrefix("HTTP/1.1 502"))
            }
            let bills = await gateway.journal.settled(40)
            #expect(bills.filter { $0.result.usage[.output] == 2 && $0.result.flags == [] }.count == 30)
        }
        try await upstream.stop()
    }

    @Test("the piece that is too much may be the last: it waits for the bill", arguments: [1_024, 150_000])
    func lastPiece(limit: Int) async throws {
        let body = answer(2 * limit).components(separatedBy: "\r\n\r\n")[1]
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        let upstream = try await ScriptedUpstream.start(
            .send(head + Wire.chunk(body)),
            .waitForTest,
            .send(Wire.end)
        )
        var settings = TestGateway.settings()
        settings.limits.heldAnswerBytes = limit
        try await TestGateway.with(upstreamPort: upstream.port, settings: settings) { gateway, _ in
            let client = try await RawClient.connect(port: gateway.port)
            try await client.send(RawClient.post("/v1/chat/completions", body: Wire.call))
            let early = await client.read { $0.contains("\r\n\r\n") }
            #expect(!early.contains("total_tokens") && gateway.journal.settlements.isEmpty)
            upstream.proceed()
            let whole = await client.read { $0.hasSuffix("0\r\n\r\n") }
            #expect(whole.contains("total_tokens"))
            #expect(gateway.journal.settlements.first?.result.usage[.output] == 2)
            try await client.close()
        }
        try await upstream.stop()
    }

    @Test("a share is given back once, with its last reference")
    func share() {
        let budget = BodyBudget(limit: 10)
        var share: BudgetShare? = BudgetShare(of: budget)
        #expect(share?.take(6) == true && share?.take(5) == false && share?.take(4) == true)
        #expect(!budget.take(1))
        share = nil
        #expect(budget.take(10) && !budget.take(1))
    }
}
