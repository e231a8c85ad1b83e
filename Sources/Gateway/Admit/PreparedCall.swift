import Dialects
import Domain
import NIOCore

/// What is settled of a call before its admission and never changes afterwards; shared, not copied.
final class PreparedCall: Sendable {
    let request: OpenAIRequest
    let quoted: QuotedCall
    let intent: CallIntent

    init(request: OpenAIRequest, quoted: QuotedCall, intent: CallIntent) {
        self.request = request
        self.quoted = quoted
        self.intent = intent
    }

    /// The most tokens of output that are held for, thinking included, over all choices.
    func heldOutput(_ hold: Hold) -> Int64 {
        let (perChoice, isTooLarge) = hold.outputLimit.addingReportingOverflow(quoted.thinkingTokens)
        let (output, overflow) = perChoice.multipliedReportingOverflow(by: request.choices)
        return isTooLarge || overflow ? .max : output
    }

    /// The body to send: the output limit is written where less is held for than the client named, or where the upstream
    /// would not find what the client named.
    func upstreamBody(_ hold: Hold) -> ByteBuffer {
        let isGenerating = intent.endpoint != .embeddings
        let limitName = quoted.route.provider.outputLimitName(of: intent.endpoint)
        let isLimited = isGenerating && (hold.isClamped || !request.isBounded(by: limitName))
        return request.upstreamBody(
            model: quoted.route.upstreamModel,
            outputLimit: isLimited ? hold.outputLimit : nil,
            forceUsage: request.isStreamed && isGenerating,
            limitName: limitName
        )
    }
}
