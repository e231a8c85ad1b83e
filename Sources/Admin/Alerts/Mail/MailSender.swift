import Domain
import NIOCore
import NIOPosix
import NIOSSL

/// Hands mails to a server, over an address that was checked, in TLS unless it stands on this host.
struct MailSender: Sendable {
    private static let connectSeconds: Int64 = 3

    let client: PinnedClient

    /// - Returns: nil: the server has taken it.
    func send(_ message: MailMessage, by route: MailRoute, password: Credential?) async -> DeliveryProblem? {
        let verdict = AddressPolicy.verdict(
            mailHost: route.host,
            port: route.port,
            allowsPrivate: client.allowsPrivate
        )
        guard verdict == .allowed else { return .forbiddenAddress }
        if message.recipients.isEmpty { return .noRecipient }
        do {
            var problem = DeliveryProblem.unreachable
            for address in try await client.allowed(route.host, port: route.port) {
                if route.security == .none, IPAddress(parsing: address)?.isLoopback != true { return .insecure }
                guard let failed = await send(message, by: route, password, at: address) else { return nil }
                problem = failed
                if failed != .unreachable { break }
            }
            return problem
        } catch {
            return DeliveryProblem(error)
        }
    }

    private func send(
        _ message: MailMessage,
        by route: MailRoute,
        _ password: Credential?,
        at address: String
    ) async -> DeliveryProblem? {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let outcome = loop.makePromise(of: DeliveryProblem?.self)
        do {
            let tls = try Self.tls(route)
            let socket = try SocketAddress(ipAddress: address, port: route.port)
            let channel = try await ClientBootstrap(group: loop)
                .connectTimeout(.seconds(Self.connectSeconds))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let handler = SMTPHandler(message, by: route, password: password, tls: tls, outcome: outcome)
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                }
                .connect(to: socket).get()
            let deadline = loop.scheduleTask(in: .seconds(PinnedClient.deadlineSeconds)) {
                outcome.succeed(.timedOut)
            }
            let problem = try await outcome.futureResult.get()
            deadline.cancel()
            try? await channel.close()
            return problem
        } catch is NIOSSLError {
            outcome.succeed(.insecure)
            return .insecure
        } catch {
            outcome.succeed(.unreachable)
            return .unreachable
        }
    }

    private static func tls(_ route: MailRoute) throws -> NIOSSLContext? {
        guard route.security != .none else { return nil }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let pem = route.authorities {
            configuration.additionalTrustRoots = [.certificates(try NIOSSLCertificate.fromPEMBytes(Array(pem.utf8)))]
        }
        return try NIOSSLContext(configuration: configuration)
    }

    /// Whether a text can be what a server's certificate is checked against.
    static func areAuthorities(_ pem: String) -> Bool {
        let certificates = try? NIOSSLCertificate.fromPEMBytes(Array(pem.utf8))
        return certificates?.isEmpty == false
    }
}
