import NIOCore

/// The socket's end of a client connection: tells that bytes have come before any head is complete, and takes the data
/// plane's bytes past the codec, which is the control plane's.
final class WireHandler: ChannelInboundHandler, _ChannelOutboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let connection: ConnectionHandler
    private var context: ChannelHandlerContext?

    init(connection: ConnectionHandler) { self.connection = connection }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        connection.wire = self
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        connection.wire = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        connection.bytesArrived()
        context.fireChannelRead(data)
    }

    func write(_ bytes: ByteBuffer, promise: EventLoopPromise<Void>? = nil) {
        guard let context else {
            promise?.fail(ChannelError.alreadyClosed)
            return
        }
        context.write(wrapOutboundOut(bytes), promise: promise)
    }

    func flush() { context?.flush() }
}
