package import NIOCore
import NIOPosix

/// An OpenAI-speaking server that sends exactly the bytes it is told to, on loopback.
///
/// The request's model name (or an `x-script` header) chooses a script set with ``script(_:_:)``; other names get the
/// built-in answers of `FakeModel`.
package final class FakeUpstream: Sendable {
    private let group: MultiThreadedEventLoopGroup
    private let channel: any Channel
    private let stage: Stage
    package let port: Int

    private init(group: MultiThreadedEventLoopGroup, channel: any Channel, stage: Stage, port: Int) {
        self.group = group
        self.channel = channel
        self.stage = stage
        self.port = port
    }

    /// Listens on 127.0.0.1; port 0 picks one. `configure` may add handlers (TLS) before ours.
    package static func start(
        port: Int = 0,
        threads: Int = 1,
        records: Bool = true,
        configure: (@Sendable (any Channel) throws -> Void)? = nil
    ) async throws -> FakeUpstream {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
        let stage = Stage(records: records)
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 4)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try configure?(channel)
                    try channel.pipeline.syncOperations.addHandler(Connection(stage: stage))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        return FakeUpstream(group: group, channel: channel, stage: stage, port: channel.localAddress?.port ?? port)
    }

    /// What a provider's `base_url` must be to reach this server.
    package var baseURL: String { "http://127.0.0.1:\(port)/v1" }

    /// From now on calls of this model (or with this `x-script` header) play `script`; its counters start anew.
    package func script(_ name: String, _ script: Script) { stage.script(name, [Play(script)]) }

    /// One script a call, in order; the last one stays. An empty list brings the built-in answer back.
    package func script(_ name: String, _ scripts: [Script]) { stage.script(name, scripts.map { Play($0) }) }

    /// Lets pieces and heads that name this gate go, now and later.
    package func open(gate: String) { stage.open(gate: gate) }

    /// Returns once `count` calls of this name have arrived whole since its script was set.
    package func arrived(_ name: String, count: Int = 1) async { await stage.waitForArrivals(name, count: count) }

    package func counters(_ name: String) -> CallCounters { stage.counters[name] ?? CallCounters() }

    /// The last requests, oldest first; empty unless started with `records`.
    package var received: [ReceivedRequest] { stage.received }

    /// Forgets scripts, gates, counters and requests.
    package func clear() { stage.clear() }

    /// Returns when the listening socket is closed.
    package func closed() async throws { try await channel.closeFuture.get() }

    package func shutdown() async throws {
        stage.clear()
        try await channel.close().get()
        try await group.shutdownGracefully()
    }
}
