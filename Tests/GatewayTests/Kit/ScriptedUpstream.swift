import NIOCore
import NIOPosix
import Synchronization

/// A provider on loopback whose answers are the test's own bytes: it reads a whole request, then plays a script.
final class ScriptedUpstream: Sendable {
    /// What to do once a request has been read.
    enum Step: Sendable {
        case send(String)
        case bytes(ByteBuffer)
        /// Wait until the test calls ``proceed()``.
        case waitForTest
        case close
    }

    private struct State {
        var steps: [Step]
        var requests: [String] = []
        var connections = 0
        var waiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
        var gates: [EventLoopPromise<Void>] = []
        var openGates = 0
        var closed: [CheckedContinuation<Void, Never>] = []
        var closedConnections = 0
    }

    private let state: Mutex<State>
    private let server = Mutex<(any Channel)?>(nil)

    private init(_ steps: [Step]) { state = Mutex(State(steps: steps)) }

    static func start(_ steps: Step...) async throws -> ScriptedUpstream {
        let upstream = ScriptedUpstream(steps)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 1_024)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Player(upstream: upstream))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        upstream.server.withLock { $0 = channel }
        return upstream
    }

    var port: Int { server.withLock { $0?.localAddress?.port ?? 0 } }

    /// Requests as they came, heads and bodies.
    var requests: [String] { state.withLock { $0.requests } }
    var connections: Int { state.withLock { $0.connections } }

    func setScript(_ steps: Step...) { setScript(steps) }

    func setScript(_ steps: [Step]) { state.withLock { $0.steps = steps } }

    /// Lets one waiting answer go on, now or when it arrives at its wait.
    func proceed() {
        let gate = state.withLock { state -> EventLoopPromise<Void>? in
            if state.gates.isEmpty {
                state.openGates += 1
                return nil
            }
            return state.gates.removeFirst()
        }
        gate?.succeed()
    }

    /// Returns once `count` requests have been read.
    func received(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.requests.count >= count { return true }
                state.waiters.append((count, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    /// Returns once a connection has ended.
    func connectionClosed() async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.closedConnections > 0 { return true }
                state.closed.append(continuation)
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    func stop() async throws { try await server.withLock { $0 }?.close() }

    fileprivate func opened() { state.withLock { $0.connections += 1 } }

    fileprivate func ended() {
        let closed = state.withLock { state in
            state.closedConnections += 1
            defer { state.closed = [] }
            return state.closed
        }
        for continuation in closed { continuation.resume() }
    }

    fileprivate func begin(_ request: String) -> [Step] {
        let (steps, ready) = state.withLock { state in
            state.requests.append(request)
            let count = state.requests.count
            let ready = state.waiters.filter { $0.count <= count }
            state.waiters.removeAll { $0.count <= count }
            return (state.steps, ready)
        }
        for waiter in ready { waiter.continuation.resume() }
        return steps
    }

    fileprivate func gate(on eventLoop: any EventLoop) -> EventLoopFuture<Void> {
        let promise = eventLoop.makePromise(of: Void.self)
        let isOpen = state.withLock { state in
            if state.openGates > 0 {
                state.openGates -= 1
                return true
            }
            state.gates.append(promise)
            return false
        }
        if isOpen { promise.succeed() }
        return promise.futureResult
    }
}

private final class Player: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let upstream: ScriptedUpstream
    private var text = ""

    init(upstream: ScriptedUpstream) { self.upstream = upstream }

    func channelActive(context: ChannelHandlerContext) { upstream.opened() }

    func channelInactive(context: ChannelHandlerContext) { upstream.ended() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        text += String(buffer: unwrapInboundIn(data))
        guard let split = text.firstRange(of: "\r\n\r\n"),
            let line = text[..<split.lowerBound].split(separator: "\r\n").first(where: {
                $0.lowercased().hasPrefix("content-length:")
            }),
            let length = Int(line.split(separator: ":")[1].filter { $0 != " " }),
            text[split.upperBound...].utf8.count >= length
        else { return }
        let request = text
        text = ""
        play(upstream.begin(request)[...], context: context)
    }

    private func play(_ steps: ArraySlice<ScriptedUpstream.Step>, context: ChannelHandlerContext) {
        var steps = steps
        while let step = steps.popFirst() {
            switch step {
            case .send(let text): context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
            case .bytes(let bytes): context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
            case .close: return context.close(promise: nil)
            case .waitForTest:
                upstream.gate(on: context.eventLoop).assumeIsolated().whenSuccess { [self] in
                    play(steps, context: context)
                }
                return
            }
        }
    }
}

/// Pieces of answers that the tests have in common.
enum Wire {
    static let streamHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

    static func chunk(_ text: String) -> String { "\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n" }

    static func delta(_ text: String) -> String {
        chunk(
            #"data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"\#(text)"}}]}"#
                + "\n\n"
        )
    }

    static func usage(prompt: Int, completion: Int) -> String {
        chunk(
            #"data: {"id":"c","object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":\#(prompt),"completion_tokens":\#(completion),"total_tokens":\#(prompt + completion)}}"#
                + "\n\n"
        )
    }

    static let done = chunk("data: [DONE]\n\n")
    static let end = "0\r\n\r\n"

    static func whole(
        _ text: String = "hello",
        prompt: Int,
        completion: Int,
        status: String = "200 OK",
        headers: String = ""
    ) -> String {
        let body =
            #"{"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"\#(text)"},"finish_reason":"stop"}],"usage":{"prompt_tokens":\#(prompt),"completion_tokens":\#(completion),"total_tokens":\#(prompt + completion)}}"#
        return
            "HTTP/1.1 \(status)\r\nContent-Type: application/json\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    static let call = #"{"model":"fake","messages":[{"role":"user","content":"hi"}]}"#
    static let streamedCall = #"{"model":"fake","stream":true,"messages":[{"role":"user","content":"hi"}]}"#
}
