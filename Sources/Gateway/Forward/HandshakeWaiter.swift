import NIOCore
import NIOTLS

/// Knows when the peer of a connection has proven over TLS who it is, or that it will not.
final class HandshakeWaiter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var outcome: Result<Void, any Error>?
    private var waiting: EventLoopPromise<Void>?

    /// Succeeds once requests may be sent; fails with what went wrong.
    func secured(on eventLoop: any EventLoop) -> EventLoopFuture<Void> {
        let promise = waiting ?? eventLoop.makePromise(of: Void.self)
        if let outcome { promise.completeWith(outcome) } else { waiting = promise }
        return promise.futureResult
    }

    private func complete(_ result: Result<Void, any Error>) {
        guard outcome == nil else { return }
        outcome = result
        waiting?.completeWith(result)
        waiting = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted = event as? TLSUserEvent { complete(.success(())) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        complete(.failure(error))
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        complete(.failure(ChannelError.eof))
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { complete(.failure(ChannelError.alreadyClosed)) }
}
