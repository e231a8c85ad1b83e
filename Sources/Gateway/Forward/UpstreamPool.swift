import Domain
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// The upstream connections of one event loop: HTTP/1.1, kept alive, last used first.
///
/// Only ever touched on its event loop. How many there can be is bounded by the concurrent calls.
final class UpstreamPool {
    struct Key: Hashable {
        let host: String
        let port: Int
        let isTLS: Bool

        init(_ url: BaseURL) {
            host = url.host
            port = url.port
            isTLS = url.isTLS
        }
    }

    private let eventLoop: any EventLoop
    private let tls: NIOSSLContext
    private let deadlines: GatewaySettings.Deadlines
    private let addresses: UpstreamAddresses
    private var idle: [Key: [UpstreamConnection]] = [:]

    init(
        eventLoop: any EventLoop,
        tls: NIOSSLContext,
        deadlines: GatewaySettings.Deadlines,
        addresses: UpstreamAddresses
    ) {
        self.eventLoop = eventLoop
        self.tls = tls
        self.deadlines = deadlines
        self.addresses = addresses
    }

    var isEmpty: Bool { idle.allSatisfy { $0.value.isEmpty } }

    /// An idle connection that still stands. A stale one is dropped here, before anything was sent on it.
    func takeIdle(_ key: Key, now: NIODeadline) -> UpstreamConnection? {
        while let connection = idle[key]?.popLast() {
            if connection.isOpen, connection.staleAt > now { return connection }
            connection.close()
        }
        return nil
    }

    /// A new connection on which requests may be sent: connected to an address that was checked before and after, and
    /// over TLS to a peer that has proven who it is, both within `connectSeconds`.
    func connect(_ key: Key) -> EventLoopFuture<UpstreamConnection> {
        let connection = UpstreamConnection(key: key, pool: self, keepAliveSeconds: deadlines.upstreamKeepAliveSeconds)
        let bound = NIOLoopBound(connection, eventLoop: eventLoop)
        let waiter = NIOLoopBound(HandshakeWaiter(), eventLoop: eventLoop)
        let deadline = NIODeadline.now() + .seconds(deadlines.connectSeconds)
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(.milliseconds(Int64(deadlines.connectSeconds * 1_000)))
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            // A literal address is never resolved, and a resolver that is not asked would leave its promises open.
            .resolver(UpstreamAddresses.isLiteral(key.host) ? nil : addresses.resolver(on: eventLoop))
            .channelInitializer { [tls] channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if key.isTLS {
                        try pipeline.addHandler(
                            NIOSSLClientHandler(
                                context: tls,
                                serverHostname: UpstreamAddresses.isLiteral(key.host) ? nil : key.host
                            )
                        )
                        try pipeline.addHandler(waiter.value)
                    }
                    try pipeline.addHandler(RequestWriter())
                    var limits = NIOHTTPDecoderLimitConfiguration()
                    limits.maxHeaderFieldSize = 32 * 1024
                    limits.maxHeaderListSize = 64 * 1024
                    limits.maxHeaderFieldCount = 256
                    try pipeline.addHandler(
                        ByteToMessageHandler(
                            HTTPResponseDecoder(
                                leftOverBytesStrategy: .dropBytes,
                                informationalResponseStrategy: .drop,
                                limitConfiguration: limits
                            )
                        )
                    )
                    try pipeline.addHandler(bound.value)
                }
            }
        guard addresses.allows(host: key.host) else {
            return eventLoop.makeFailedFuture(UpstreamAddresses.Forbidden())
        }
        return bootstrap.connect(host: key.host, port: key.port).flatMap { [addresses] channel in
            guard addresses.allows(channel.remoteAddress) else {
                channel.close(promise: nil)
                return channel.eventLoop.makeFailedFuture(UpstreamAddresses.Forbidden())
            }
            guard key.isTLS else { return channel.eventLoop.makeSucceededVoidFuture() }
            let patience = channel.eventLoop.scheduleTask(deadline: deadline) { channel.close(promise: nil) }
            let secured = waiter.value.secured(on: channel.eventLoop)
            secured.whenComplete { _ in patience.cancel() }
            return secured
        }.map { bound.value }
    }

    func putBack(_ connection: UpstreamConnection) {
        idle[connection.key, default: []].append(connection)
    }

    func forget(_ connection: UpstreamConnection) {
        guard let index = idle[connection.key]?.lastIndex(where: { $0 === connection }) else { return }
        idle[connection.key]?.remove(at: index)
    }

    func closeStale(now: NIODeadline) {
        for (key, connections) in idle {
            let stale = connections.filter { $0.staleAt <= now }
            guard !stale.isEmpty else { continue }
            idle[key] = connections.filter { $0.staleAt > now }
            for connection in stale { connection.close() }
        }
    }

    func closeAll() {
        let all = idle.values.flatMap(\.self)
        idle = [:]
        for connection in all { connection.close() }
    }
}
