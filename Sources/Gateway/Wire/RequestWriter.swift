import NIOCore
import NIOHTTP1

/// Stands in the encoder's place on an upstream connection: requests come as bytes already.
///
/// NIO's response decoder wants to see the head of each request, to know that an answer is due; so a head is written,
/// always the same, and ends here.
final class RequestWriter: ChannelOutboundHandler {
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = ByteBuffer

    static let head = HTTPClientRequestPart.head(HTTPRequestHead(version: .http1_1, method: .POST, uri: "/"))

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .body(.byteBuffer(let bytes)): context.write(wrapOutboundOut(bytes), promise: promise)
        case .head, .body, .end: promise?.succeed()
        }
    }
}
