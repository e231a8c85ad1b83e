import Domain
import Glibc
import NIOCore
import NIOHTTP1

/// One client connection: gives each request to its plane, and lets one exchange at a time run across both.
///
/// It stands before Hummingbird's codec and owns what that cannot see of the calls kept here: the quiesce event and
/// the closing of the input are held back while a call runs, errors are answered in the client's dialect or not at
/// all, every wait has a deadline, and parts of a pipelined request wait, reads paused, until the answer before is out.
final class ConnectionHandler: Timed, ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private enum Plane {
        case idle
        case control
        case call(Exchange)
        /// Refused before its end: the rest is read, dropped and counted.
        case discarding(left: Int)
        case closed
    }

    private enum Wait {
        case idle
        case farewell
        case header
        case body
        case discard
        case none
    }

    let gateway: Gateway
    let loop: LoopContext
    /// The other end of the connection: a client, or a proxy.
    private(set) var peer: IPAddress?
    private(set) var peerText = ""
    /// The socket's end of the pipeline; set by itself.
    var wire: WireHandler?
    private var context: ChannelHandlerContext?
    private var plane: Plane = .idle
    private var wait: Wait = .idle
    private var isRequestEnded = true
    private var isControlAnswered = false
    /// The control plane's answer ends when somebody ends it, so a client that ends its side has gone.
    private var isControlEndless = false
    private var pending: CircularBuffer<HTTPServerRequestPart> = []
    private var isProcessing = false
    private var isReadHeldBack = false
    private var isInputClosed = false
    /// Close once the running exchange is over: quiescing, or nothing readable will come any more.
    private(set) var closesAfterAnswer = false
    private var isWriteStalled = false
    /// Nothing but the connection's end ends the running answer, so that a broken one must not end as a whole one does.
    var isAnswerUntilClose = false
    /// The last bytes of all are on their way out.
    private var isEndingOutput = false
    /// Bytes the client had not taken when it was last looked at, and when waiting for it ends at the latest.
    private var untaken: (bytes: Int, end: NIODeadline)?

    init(gateway: Gateway, loop: LoopContext) {
        self.gateway = gateway
        self.loop = loop
    }

    /// While the process ends, a connection without a call stays open for so long: what its client is just sending would be lost,
    /// and a proxy may not send it again.
    private static let farewell = TimeAmount.milliseconds(1_000)

    private var isBusy: Bool { if case .idle = plane { false } else { true } }

    // MARK: - Deadlines

    private func arm(_ wait: Wait) {
        self.wait = wait
        guard untaken == nil else { return }
        let deadlines = gateway.settings.deadlines
        let seconds: Double
        switch wait {
        case .none:
            deadline = .distantFuture
            return
        case .farewell:
            deadline = .now() + Self.farewell
            return
        case .idle: seconds = deadlines.idleSeconds
        case .header: seconds = deadlines.headerSeconds
        case .body: seconds = deadlines.bodySeconds
        case .discard: seconds = deadlines.discardSeconds
        }
        deadline = .now() + .milliseconds(Int64(seconds * 1_000))
    }

    override func deadlinePassed(now: NIODeadline) {
        if let untaken { return look(at: untaken, now: now) }
        switch wait {
        case .header: refuse(.requestTimeout)
        case .body:
            if case .call(let exchange) = plane { exchange.refuse(.requestTimeout) } else { close() }
        case .idle, .farewell, .discard: close()
        case .none: break
        }
    }

    private var unsentBytes: Int {
        (try? context?.channel.syncOptions?.getOption(ChannelOptions.bufferedWritableBytes)) ?? 0
    }

    /// From here until ``outputIsOut()`` the client has to take something in each `writeStallSeconds`.
    private func watchOutput() {
        guard untaken == nil else { return }
        let deadlines = gateway.settings.deadlines
        untaken = (unsentBytes, .now() + .seconds(deadlines.totalSeconds))
        deadline = .now() + .seconds(deadlines.writeStallSeconds)
    }

    private func outputIsOut() {
        untaken = nil
        arm(wait)
    }

    private func look(at untaken: (bytes: Int, end: NIODeadline), now: NIODeadline) {
        let left = unsentBytes
        guard left < untaken.bytes, now < untaken.end else { return close() }
        self.untaken = (left, untaken.end)
        deadline = now + .seconds(gateway.settings.deadlines.writeStallSeconds)
    }

    func bytesArrived() {
        guard case .idle = plane else { return }
        switch wait {
        case .idle, .farewell: arm(.header)
        default: break
        }
    }

    // MARK: - Inbound

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        peer = context.channel.remoteAddress?.ipAddress.flatMap { IPAddress(parsing: $0) }
        peerText = peer?.description ?? ""
        loop.watch(self)
        arm(.idle)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        loop.unwatch(self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .closed = plane { return }
        let part = unwrapInboundIn(data)
        if !pending.isEmpty || isProcessing || (isBusy && isRequestEnded) {
            pending.append(part)
        } else {
            receive(part, context: context)
            processPending()
        }
    }

    func read(context: ChannelHandlerContext) {
        if pending.isEmpty { context.read() } else { isReadHeldBack = true }
    }

    private func processPending() {
        guard !isProcessing, let context else { return }
        isProcessing = true
        while !(isBusy && isRequestEnded), let part = pending.popFirst() { receive(part, context: context) }
        isProcessing = false
        if pending.isEmpty, isReadHeldBack {
            isReadHeldBack = false
            context.read()
        }
        if isInputClosed, !isBusy, pending.isEmpty { passInputClosed(context) }
    }

    private func receive(_ part: HTTPServerRequestPart, context: ChannelHandlerContext) {
        switch (plane, part) {
        case (.idle, .head(let head)):
            if HeaderPolicy.isAmbiguouslyFramed(head.headers) { return refuse(.malformedHTTP) }
            isRequestEnded = false
            arm(.body)
            if head.method == .POST, let endpoint = Endpoint(target: head.uri) {
                let exchange = Exchange(connection: self, head: RequestHead(head, endpoint: endpoint))
                plane = .call(exchange)
                exchange.begin()
            } else {
                plane = .control
                isControlAnswered = false
                isControlEndless = false
                context.fireChannelRead(wrapInboundOut(part))
                context.fireChannelReadComplete()
            }
        case (.control, _):
            if case .end = part {
                isRequestEnded = true
                arm(.none)
            }
            context.fireChannelRead(wrapInboundOut(part))
            context.fireChannelReadComplete()
            controlAdvanced()
        case (.call(let exchange), .body(let bytes)): exchange.receiveBody(bytes)
        case (.call(let exchange), .end):
            isRequestEnded = true
            arm(.none)
            exchange.receiveEnd()
        case (.discarding(let left), .body(let bytes)):
            let rest = left - bytes.readableBytes
            plane = .discarding(left: rest)
            if rest <= 0 { close() }
        case (.discarding, .end): closeGently()
        case (.idle, _), (.call, .head), (.discarding, .head), (.closed, _): break
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            closesAfterAnswer = true
            switch plane {
            case .call(let exchange): exchange.connectionEnds()
            case .idle: if case .idle = wait { arm(.farewell) }
            default: break
            }
        case ChannelEvent.inputClosed:
            isInputClosed = true
            switch plane {
            case .call(let exchange) where !isRequestEnded: exchange.requestBrokeOff()
            case .discarding: close()
            case .control where isControlEndless: close()
            default: if !isBusy, pending.isEmpty { passInputClosed(context) }
            }
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    private func passInputClosed(_ context: ChannelHandlerContext) {
        isInputClosed = false
        plane = .closed
        context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }

    func channelInactive(context: ChannelHandlerContext) {
        let was = plane
        plane = .closed
        pending.removeAll()
        loop.unwatch(self)
        if case .call(let exchange) = was { exchange.clientGone() }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError || error is ByteToMessageDecoderError else { return close() }
        // What follows cannot be read; an answer under way is not disturbed by it.
        closesAfterAnswer = true
        switch plane {
        case .idle:
            refuse((error as? HTTPParserError) == .headerOverflow ? .headersTooLarge : .malformedHTTP)
        case .call(let exchange) where !isRequestEnded: exchange.refuse(.malformedHTTP)
        case .call: break
        case .control where isRequestEnded: break
        case .control, .discarding, .closed: close()
        }
    }

    // MARK: - Outbound

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        context.write(data, promise: promise)
        guard case .control = plane else { return }
        switch unwrapOutboundIn(data) {
        case .head(let head):
            isControlEndless = head.headers.first(name: "content-type") == "text/event-stream"
            if isControlEndless, isInputClosed { close() }
        case .body: break
        case .end:
            isControlAnswered = true
            controlAdvanced()
        }
    }

    private func controlAdvanced() {
        guard case .control = plane, isRequestEnded, isControlAnswered else { return }
        exchangeEnded(keepsAlive: true)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        let isWritable = context.channel.isWritable
        isWriteStalled = !isWritable
        if !isWritable { watchOutput() } else if !isEndingOutput { outputIsOut() }
        if case .call(let exchange) = plane { exchange.clientWritabilityChanged(isWritable) }
        context.fireChannelWritabilityChanged()
    }

    // MARK: - The exchange's side

    var isWritable: Bool { !isWriteStalled }

    /// Writes bytes of an answer, head and framing included.
    /// - Parameter share: of a budget, kept until the bytes have left or the connection has ended.
    func send(_ bytes: ByteBuffer, keeping share: BudgetShare? = nil) {
        guard bytes.readableBytes > 0, let wire else { return }
        guard let share, let context else { return wire.write(bytes) }
        let isWritten = context.eventLoop.makePromise(of: Void.self)
        isWritten.futureResult.assumeIsolated().whenComplete { _ in withExtendedLifetime(share) {} }
        wire.write(bytes, promise: isWritten)
    }

    func flush() { wire?.flush() }

    /// The answer is out. What waited is taken up, or the connection closed.
    func exchangeEnded(keepsAlive: Bool) {
        isAnswerUntilClose = false
        if case .closed = plane { return }
        if !isRequestEnded {
            flush()
            plane = .discarding(left: gateway.settings.limits.discardBytes)
            arm(.discard)
            if isInputClosed { close() }
            return
        }
        if !keepsAlive || closesAfterAnswer { return closeGently() }
        plane = .idle
        arm(.idle)
        processPending()
    }

    /// Lets what was written go out, then ends our side, and waits a little for the client to end its own: closing at
    /// once would reset the connection and could take the answer's last bytes with it.
    func closeGently() {
        guard let context else { return }
        flush()
        plane = .discarding(left: gateway.settings.limits.discardBytes)
        wait = .discard
        isEndingOutput = true
        watchOutput()
        let isClosed = context.eventLoop.makePromise(of: Void.self)
        isClosed.futureResult.assumeIsolated().whenComplete { [self] _ in
            outputIsOut()
            if isInputClosed { close() }
        }
        context.close(mode: .output, promise: isClosed)
    }

    /// Ends a running answer without its proper end, so that no client takes the piece for the whole.
    func breakOff() {
        // A promise on an empty write tells when what came before has left.
        guard let context, let wire else { return }
        plane = .discarding(left: gateway.settings.limits.discardBytes)
        isEndingOutput = true
        watchOutput()
        let isWritten = context.eventLoop.makePromise(of: Void.self)
        isWritten.futureResult.assumeIsolated().whenComplete { [self] _ in close() }
        wire.write(ByteBuffer(), promise: isWritten)
        wire.flush()
    }

    /// Ends the connection at once.
    func close() {
        if case .closed = plane, context?.channel.isActive != true { return }
        let was = plane
        plane = .closed
        pending.removeAll()
        // The exchange must not hear of its own connection's end twice; `channelInactive` finds the plane closed.
        if case .call(let exchange) = was { exchange.clientGone() }
        if isAnswerUntilClose { resetAtClose() }
        context?.close(promise: nil)
    }

    /// Makes the connection's end a reset, which no client takes for the end of an answer; what is on its way in the
    /// kernel may be lost by it.
    private func resetAtClose() {
        let options = context?.channel as? any SocketOptionProvider
        _ = options?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
    }

    override func cut() {
        switch plane {
        // Once it is admitted it is cut and booked by itself; until then nobody else watches it.
        case .call(let exchange): exchange.refuse(.shuttingDown)
        default: close()
        }
    }

    /// Answers a request that never became an exchange.
    private func refuse(_ error: CallError) {
        loop.metrics.refused(error)
        let call = CallID(at: WallClock.now(), random: (loop.random(), loop.random()))
        let writer = AnswerWriter(call: call, version: .http1_1, isKeepAlive: false)
        send(writer.error(error, cost: nil, closes: true))
        isRequestEnded = true
        closeGently()
    }
}
