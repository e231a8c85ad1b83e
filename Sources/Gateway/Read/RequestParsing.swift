import Dialects
import Domain
import NIOCore
import NIOPosix

extension Gateway {
    /// Below this a scan takes well under a millisecond.
    private static let parsedInPlaceBytes = 256 * 1024

    /// Parses a request body: at once where it is small, else on a thread of its own; answers on the loop.
    func parse(
        _ body: ByteBuffer,
        endpoint: Endpoint,
        on loop: LoopContext,
        then answer: @escaping @Sendable (Result<OpenAIRequest, CallError>) -> Void
    ) {
        if body.readableBytes <= Self.parsedInPlaceBytes { return answer(Self.parse(body, endpoint: endpoint)) }
        threads.runIfActive(eventLoop: loop.eventLoop) { Self.parse(body, endpoint: endpoint) }
            .whenComplete { outcome in answer((try? outcome.get()) ?? .failure(.shuttingDown)) }
    }

    private static func parse(_ body: ByteBuffer, endpoint: Endpoint) -> Result<OpenAIRequest, CallError> {
        Result { () throws(OpenAIRequestError) in try OpenAIRequest.parse(body, endpoint: endpoint) }
            .mapError(CallError.init)
    }
}

extension CallError {
    init(_ error: OpenAIRequestError) {
        self = .badRequest(message: error.message, member: error.param, code: error.code)
    }
}
