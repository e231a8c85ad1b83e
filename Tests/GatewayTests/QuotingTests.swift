import Dialects
import Domain
import NIOCore
import Testing

@testable import Gateway

/// A model of 4,096 tokens of context and 1,024 of output, 512 by default; 0.15 and 0.60 dollars a million tokens.
@Suite("what a request is quoted")
struct QuotingTests {
    private func quoted(_ members: String, _ endpoint: Endpoint = .chatCompletions) throws -> (QuotedCall, PreparedCall)
    {
        let request = try OpenAIRequest.parse(
            ByteBuffer(string: #"{"model":"fake","# + members + "}"),
            endpoint: endpoint
        )
        let principal = Principal(userID: UserID(1), keyID: APIKeyID(1), isActive: true, groups: [ModelGroupID(1)])
        let quoted = try QuotedCall.make(
            request,
            endpoint: endpoint,
            for: principal,
            catalog: TestGateway.directory(upstreamPort: 1).catalog,
            clamp: .implicit,
            now: Instant(microseconds: 1),
            random: 0
        )
        let intent = CallIntent(
            id: CallID(high: 1, low: 1),
            userID: UserID(1),
            keyID: APIKeyID(1),
            modelID: quoted.model.id,
            routeID: quoted.route.id,
            providerID: quoted.route.provider.id,
            priceVersionID: quoted.price.id,
            endpoint: endpoint,
            isStreamed: request.isStreamed,
            estimatedInputTokens: 0,
            estimatedInputPrice: .zero,
            startedAt: Instant(microseconds: 0),
            clientAddress: "",
            userAgent: ""
        )
        return (quoted, PreparedCall(request: request, quoted: quoted, intent: intent))
    }

    @Test(
        "thinking is held for beside the limit, for each choice, and counts as output that was held for",
        arguments: [
            (#""max_tokens":10"#, 0, 10), (#""max_tokens":10,"reasoning_effort":"high""#, 0, 10),
            (#""max_tokens":10,"thinking_budget":100"#, 100, 110),
            (#""max_tokens":10,"n":3,"thinking_budget":100"#, 300, 330),
            (#""max_tokens":10,"enable_thinking":true"#, 1_024, 1_034),
            (#""max_tokens":10,"thinking":{"type":"enabled"},"thinking_budget":2000"#, 2_000, 2_010),
            // No model thinks more than its context holds.
            (#""max_tokens":10,"thinking_budget":2147483647"#, 4_096, 4_106),
        ] as [(String, Int64, Int64)]
    )
    func thinking(members: String, thought: Int64, output: Int64) throws {
        let (quoted, prepared) = try quoted(members)
        let quote = quoted.candidates[0].quote
        let input = Int64(prepared.request.bodyBytes) + 512
        #expect(quote.fixed.picoDollars == input * 150_000 + thought * 600_000)
        #expect(quote.perOutputToken.picoDollars == prepared.request.choices * 600_000)
        let admission = MemoryJournal.holdBound(
            AdmissionRequest(call: prepared.intent, candidates: quoted.candidates, hasSpendingLimit: false)
        )
        guard case .held(let hold) = admission else {
            Issue.record("not held")
            return
        }
        #expect(prepared.heldOutput(hold) == output)
    }

    @Test(
        "the body names the limit that is held for, under a name that the upstream obeys",
        arguments: [
            (#""x":1"#, 512), (#""max_tokens":10"#, 10), (#""n_predict":10"#, 10), (#""max_completion_tokens":10"#, 10),
            // More than there can be is not asked for.
            (#""n_predict":2147483647"#, 4_096), (#""n_predict":null"#, 512),
        ] as [(String, Int64)]
    )
    func limit(members: String, limit: Int64) throws {
        let (quoted, prepared) = try quoted(members)
        let admission = MemoryJournal.holdBound(
            AdmissionRequest(call: prepared.intent, candidates: quoted.candidates, hasSpendingLimit: false)
        )
        guard case .held(let hold) = admission else {
            Issue.record("not held")
            return
        }
        #expect(hold.outputLimit == limit)
        let sent = try OpenAIRequest.parse(prepared.upstreamBody(hold), endpoint: .chatCompletions)
        #expect(sent.outputLimit == limit && sent.isBounded(by: .maxTokens))
    }
}
