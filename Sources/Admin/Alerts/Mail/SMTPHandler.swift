import Domain
import NIOCore
import NIOSSL

/// The thin shell of ``SMTPMachine`` on a connection.
final class SMTPHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let message: MailMessage
    private let route: MailRoute
    private let password: Credential?
    private let tls: NIOSSLContext?
    private let outcome: EventLoopPromise<DeliveryProblem?>
    private var machine: SMTPMachine?
    private var replies = SMTPReplies()

    /// - Parameters:
    ///   - tls: nil where everything goes in the clear.
    ///   - outcome: fulfilled once, with nil where the server has taken the mail.
    init(
        _ message: MailMessage,
        by route: MailRoute,
        password: Credential?,
        tls: NIOSSLContext?,
        outcome: EventLoopPromise<DeliveryProblem?>
    ) {
        self.message = message
        self.route = route
        self.password = password
        self.tls = tls
        self.outcome = outcome
    }

    func channelActive(context: ChannelHandlerContext) {
        let own = context.localAddress?.ipAddress ?? "127.0.0.1"
        let name = own.contains(":") ? "[IPv6:\(own)]" : "[\(own)]"
        machine = SMTPMachine(message, by: route, password: password, name: name)
        if route.security == .tls { secure(context) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        do {
            let came = try replies.take(unwrapInboundIn(data).readableBytesView)
            // More than one at a time is a server that does not wait to be asked: what it says after STARTTLS in the
            // clear must not count as said in TLS.
            guard came.count <= 1 else { return finish(.refused, context) }
            for reply in came {
                guard let action = machine?.receive(reply) else { return }
                perform(action, context)
            }
        } catch {
            finish(.refused, context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) { outcome.succeed(.unreachable) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        finish(
            error is NIOSSLError || error is NIOSSLExtraError || error is BoringSSLError ? .insecure : .unreachable,
            context
        )
    }

    private func perform(_ action: SMTPMachine.Action, _ context: ChannelHandlerContext) {
        switch action {
        case .send(let text): context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        case .startTLS:
            secure(context)
            if let action = machine?.secured() { perform(action, context) }
        case .done:
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "QUIT\r\n")), promise: nil)
            finish(nil, context)
        case .fail(let problem): finish(problem, context)
        }
    }

    private func secure(_ context: ChannelHandlerContext) {
        guard let tls else { return finish(.insecure, context) }
        do {
            // A name is checked against the certificate; an address stands in it as itself.
            let name = PinnedClient.bytes(of: route.host) == nil ? route.host : nil
            let handler = try NIOSSLClientHandler(context: tls, serverHostname: name)
            try context.pipeline.syncOperations.addHandler(handler, position: .before(self))
        } catch {
            finish(.insecure, context)
        }
    }

    private func finish(_ problem: DeliveryProblem?, _ context: ChannelHandlerContext) {
        outcome.succeed(problem)
        context.close(promise: nil)
    }
}
