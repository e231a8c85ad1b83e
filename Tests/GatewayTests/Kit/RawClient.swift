import Glibc
import NIOCore
import NIOPosix

/// A TCP connection whose bytes are the test's own.
final class RawClient: Sendable {
    struct Ended: Error {}

    private let channel: any Channel
    private let inbox: Inbox

    private init(channel: any Channel, inbox: Inbox) {
        self.channel = channel
        self.inbox = inbox
    }

    /// - Parameter reads: false for a client that never takes what is sent to it.
    static func connect(port: Int, reads: Bool = true) async throws -> RawClient {
        let inbox = Inbox()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.autoRead, value: reads)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(inbox: inbox))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return RawClient(channel: channel, inbox: inbox)
    }

    func send(_ text: String) async throws { try await channel.writeAndFlush(ByteBuffer(string: text)) }

    func send(_ bytes: ByteBuffer) async throws { try await channel.writeAndFlush(bytes) }

    /// Ends our side only.
    func halfClose() async throws { try await channel.close(mode: .output) }

    func close() async throws { try await channel.close() }

    /// Ends the connection with a reset, which the peer cannot take for the end of our side only.
    func reset() async throws {
        try await (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        try await channel.close()
    }

    /// All that has come once it satisfies `isEnough`, or once the peer has ended.
    func read(until isEnough: @escaping @Sendable (String) -> Bool) async -> String { await inbox.wait(isEnough) }

    /// All that has come, as ``read(until:)``, and forgets it: the next answer on this connection begins anew.
    func take(until isEnough: @escaping @Sendable (String) -> Bool) async -> String {
        let text = await inbox.wait(isEnough)
        await inbox.clear()
        return text
    }

    func readToEnd() async -> String { await inbox.wait(nil) }

    static func post(_ path: String, key: String? = TestGateway.key, headers: String = "", body: String) -> String {
        "POST \(path) HTTP/1.1\r\nHost: gateway\r\n" + (key.map { "Authorization: Bearer \($0)\r\n" } ?? "") + headers
            + "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n" + body
    }

    /// One request on a connection of its own, read to its end.
    static func exchange(port: Int, _ request: String) async throws -> String {
        let client = try await connect(port: port)
        try await client.send(
            request.replacing("\r\nHost:", with: "\r\nConnection: close\r\nHost:", maxReplacements: 1)
        )
        let answer = await client.readToEnd()
        try? await client.close()
        return answer
    }
}

private actor Inbox {
    private var bytes = ByteBuffer()
    private var text: String { String(buffer: bytes) }
    private var isEnded = false
    private var waiter: (isEnough: (@Sendable (String) -> Bool)?, continuation: CheckedContinuation<String, Never>)?

    func append(_ more: ByteBuffer) {
        bytes.writeImmutableBuffer(more)
        if let waiter, waiter.isEnough?(text) ?? false {
            self.waiter = nil
            waiter.continuation.resume(returning: text)
        }
    }

    func clear() { bytes.clear() }

    func end() {
        isEnded = true
        waiter?.continuation.resume(returning: text)
        waiter = nil
    }

    /// - Parameter isEnough: nil to wait for the end.
    func wait(_ isEnough: (@Sendable (String) -> Bool)?) async -> String {
        if isEnded || isEnough?(text) ?? false { return text }
        return await withCheckedContinuation { waiter = (isEnough, $0) }
    }
}

private final class Collector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let events: AsyncStream<ByteBuffer?>.Continuation

    init(inbox: Inbox) {
        let (stream, continuation) = AsyncStream<ByteBuffer?>.makeStream()
        events = continuation
        Task {
            for await event in stream {
                if let event { await inbox.append(event) } else { await inbox.end() }
            }
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        events.yield(unwrapInboundIn(data))
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { events.yield(nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        events.yield(nil)
        events.finish()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
