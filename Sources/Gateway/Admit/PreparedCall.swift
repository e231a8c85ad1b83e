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

    /// The body to send: the output limit is written where the client named none or less is held for.
    func upstreamBody(_ hold: Hold) -> ByteBuffer {
        let isGenerating = intent.endpoint != .embeddings
        let isLimited = isGenerating && (request.outputLimit == nil || hold.isClamped)
        return request.upstreamBody(
            model: quoted.route.upstreamModel,
            outputLimit: isLimited ? hold.outputLimit : nil,
            forceUsage: request.isStreamed && isGenerating
        )
    }
}
