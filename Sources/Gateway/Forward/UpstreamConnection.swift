import Domain
import NIOCore
import NIOHTTP1

/// What an upstream connection tells the call it carries; all on the call's own event loop.
protocol UpstreamDelegate: AnyObject {
    func upstreamHead(_ head: HTTPResponseHead)
    func upstreamBody(_ bytes: ByteBuffer)
    /// The answer is complete; the connection has already gone back to its pool or is closing.
    func upstreamEnd()
    /// A burst of parts is over: time to flush.
    func upstreamReadComplete()
    /// Closed early, reset, or not HTTP. Nothing more will come.
    func upstreamFailed(_ error: (any Error)?)
}

/// One HTTP/1.1 connection to a provider: carries one call at a time, and knows whether it may carry another.
final class UpstreamConnection: ChannelInboundHandler, _ChannelOutboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = Never
    typealias OutboundOut = HTTPClientRequestPart

    let key: UpstreamPool.Key
    private weak var pool: UpstreamPool?
    private var context: ChannelHandlerContext?
    private weak var delegate: (any UpstreamDelegate)?
    private var isReusable = true
    private var keepAliveSeconds: Double
    /// A call is under way: from the request written to the answer's end.
    private var isBusy = false
    private var isPaused = false
    private var isReadHeldBack = false
    /// When an idle connection is to be closed.
    private(set) var staleAt: NIODeadline = .distantFuture

    init(key: UpstreamPool.Key, pool: UpstreamPool, keepAliveSeconds: Double) {
        self.key = key
        self.pool = pool
        self.keepAliveSeconds = keepAliveSeconds
    }

    /// Until it is closed from either side.
    private(set) var isOpen = true

    // MARK: The call's side

    /// Sends a request; from here on the delegate hears of the answer, and of nothing after its end.
    func send(_ request: ByteBuffer, delegate: any UpstreamDelegate) {
        guard let context, isOpen else { return delegate.upstreamFailed(nil) }
        self.delegate = delegate
        isBusy = true
        isReusable = true
        context.write(wrapOutboundOut(RequestWriter.head), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(request))), promise: nil)
    }

    /// Stops reading, so that the kernel's window tells the upstream to wait.
    func pause() { isPaused = true }

    func resume() {
        isPaused = false
        if isReadHeldBack {
            isReadHeldBack = false
            context?.read()
        }
    }

    /// Cuts the answer off; the delegate hears nothing any more.
    func cancel() {
        delegate = nil
        close()
    }

    func close() {
        isReusable = false
        isOpen = false
        context?.close(promise: nil)
    }

    // MARK: The channel's side

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func read(context: ChannelHandlerContext) {
        if isPaused { isReadHeldBack = true } else { context.read() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard isBusy else { return close() }
        switch unwrapInboundIn(data) {
        case .head(let head):
            isReusable = head.isKeepAlive
            for (name, value) in head.headers where name.utf8.count == 10 && HeaderPolicy.equals(name, "keep-alive") {
                readKeepAlive(value)
            }
            delegate?.upstreamHead(head)
        case .body(let bytes):
            delegate?.upstreamBody(bytes)
        case .end:
            isBusy = false
            isPaused = false
            let delegate = delegate
            self.delegate = nil
            if isReusable, isOpen {
                let seconds = max(0.5, keepAliveSeconds)
                staleAt = .now() + .milliseconds(Int64(seconds * 1_000))
                pool?.putBack(self)
            } else {
                close()
            }
            delegate?.upstreamEnd()
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        delegate?.upstreamReadComplete()
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(nil)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(error)
        context.close(promise: nil)
    }

    private func fail(_ error: (any Error)?) {
        isReusable = false
        isOpen = false
        pool?.forget(self)
        let delegate = delegate
        self.delegate = nil
        isBusy = false
        delegate?.upstreamFailed(error)
    }

    /// `timeout=5, max=100`: go a second before the upstream does, or our request meets its goodbye.
    private func readKeepAlive(_ value: String) {
        for field in value.split(separator: ",") {
            let pair = field.split(separator: "=")
            guard pair.count == 2, let number = Int(pair[1].filter { $0 != " " }) else { continue }
            switch pair[0].filter({ $0 != " " }).lowercased() {
            case "timeout": keepAliveSeconds = min(keepAliveSeconds, Double(min(max(number, 0), 3_600)) - 1)
            case "max" where number <= 1: isReusable = false
            default: break
            }
        }
        if keepAliveSeconds <= 0 { isReusable = false }
    }
}
