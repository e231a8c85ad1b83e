import Domain
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

@testable import Gateway

/// A gateway on loopback with a control plane that echoes paths, ending with the closure it is lent to.
struct TestGateway {
    static let key = "sk-audit-0123456789abcdefghijABCDEFGHIJ01"
    /// Whoever a test says.
    static let limitedKey = "sk-audit-limited0000000000000000000000000"

    let port: Int
    let journal: MemoryJournal
    let gateway: Gateway

    static func with(
        upstreamPort: Int,
        settings: GatewaySettings = TestGateway.settings(),
        journal: MemoryJournal = MemoryJournal(),
        limited: Principal? = nil,
        capture: BodyCapture? = nil,
        tracing: CallTracing? = nil,
        counter: (any RateCounter)? = nil,
        // Rates stand still: how fast a test runs decides nothing.
        uptime: @escaping @Sendable () -> Uptime = { Uptime(nanoseconds: 1_000_000_000) },
        _ body: @Sendable (TestGateway, ServiceGroup) async throws -> Void
    ) async throws {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let gateway = try Gateway(
            directory: directory(upstreamPort: upstreamPort, limited: limited),
            journal: journal,
            digester: PlainDigester(),
            settings: settings,
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: logger,
            capture: capture,
            tracing: tracing,
            rateCounter: counter,
            uptime: uptime
        )
        let channel = GatewayChannel(gateway: gateway) { request, writer, _ in
            try await writer.write(
                response: HTTPResponse(status: .ok, headerFields: [.contentType: "text/plain"]),
                body: ResponseBody(byteBuffer: ByteBuffer(string: "control \(request.uri.path)"))
            )
        }
        let (running, started) = AsyncStream<Int>.makeStream()
        let server = channel.server(
            configuration: ServerConfiguration(address: .hostname("127.0.0.1", port: 0), backlog: 4_096),
            onServerRunning: { started.yield($0.localAddress?.port ?? 0) },
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: logger
        )
        let services = ServiceGroup(
            configuration: .init(
                services: [.init(service: GracefulServer(server: server, gateway: gateway))],
                logger: logger
            )
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            var ports = running.makeAsyncIterator()
            let port = await ports.next() ?? 0
            try await body(TestGateway(port: port, journal: journal, gateway: gateway), services)
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
        }
        await gateway.drained()
    }

    static func settings() -> GatewaySettings {
        var settings = GatewaySettings()
        settings.allowsPrivateUpstreams = true
        settings.deadlines.graceSeconds = 5
        settings.deadlines.discardSeconds = 0.2
        return settings
    }

    static func directory(upstreamPort: Int, limited: Principal? = nil) -> MemoryDirectory {
        guard let url = try? BaseURL(parsing: "http://127.0.0.1:\(upstreamPort)/v1") else {
            preconditionFailure("a port")
        }
        let group = ModelGroup(id: ModelGroupID(1), name: "default", multiplier: .one, isActive: true)
        var rates = Rates()
        rates[.input] = 150_000
        rates[.output] = 600_000
        rates[.cacheRead] = 75_000
        let provider = Provider(
            id: ProviderID(1),
            name: "fake",
            dialect: .openai,
            baseURL: url,
            isActive: true,
            credential: Credential("sk-upstream-secret-0123456789")
        )
        func model(
            _ id: Int64,
            _ name: String,
            upstream: String,
            prices: [PriceVersion],
            rateLimit: RateLimit = .none
        ) -> Model {
            Model(
                id: ModelID(id),
                name: name,
                isActive: true,
                createdAt: Instant(microseconds: 0),
                contextLength: 4_096,
                maxOutputTokens: 1_024,
                defaultOutputTokens: 512,
                rateLimit: rateLimit,
                routes: [Route(id: RouteID(id), provider: provider, upstreamModel: upstream)],
                groups: [group],
                prices: prices
            )
        }
        func price(_ id: Int64) -> [PriceVersion] {
            [
                PriceVersion(
                    id: PriceVersionID(id),
                    modelID: ModelID(id),
                    effectiveFrom: Instant(microseconds: 0),
                    rates: rates
                )
            ]
        }
        return MemoryDirectory(
            catalog: Catalog(models: [
                model(1, "fake", upstream: "fake", prices: price(1)),
                model(2, "scripted", upstream: "scripted", prices: price(2)),
                model(3, "unpriced", upstream: "fake", prices: []),
                model(4, "stream", upstream: "fake-stream-20", prices: price(4)),
                model(5, "slow", upstream: "fake-stream-50-20ms", prices: price(5)),
                model(6, "rare", upstream: "rare", prices: price(6), rateLimit: RateLimit(requestsPerMinute: 1)),
            ]),
            principals: [
                limitedKey: limited,
                key: Principal(userID: UserID(1), keyID: APIKeyID(1), isActive: true, groups: [ModelGroupID(1)]),
                "sk-audit-revoked000000000000000000000000": Principal(
                    userID: UserID(2),
                    keyID: APIKeyID(2),
                    isActive: false,
                    groups: [ModelGroupID(1)]
                ),
            ].compactMapValues { $0 }
        )
    }
}

/// The server with the gateway's grace period, as `serve` runs it.
struct GracefulServer: Service {
    let server: any Service
    let gateway: Gateway

    func run() async throws {
        try await withGracefulShutdownHandler {
            try await server.run()
        } onGracefulShutdown: {
            gateway.beginShutdown()
        }
    }
}
