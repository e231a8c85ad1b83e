package import HummingbirdCore
package import Logging
package import NIOCore
import NIOHTTP1
package import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// How an accepted connection is set up: the data plane's handler first, Hummingbird's codec behind it.
package struct GatewayChannel: ServerChildChannel, HTTPChannelHandler {
    package typealias Value = AcceptedConnection

    private let gateway: Gateway
    package let responder: HTTPChannelHandler.Responder

    package init(gateway: Gateway, responder: @escaping HTTPChannelHandler.Responder) {
        self.gateway = gateway
        self.responder = responder
    }

    package func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            guard let loop = gateway.loop(of: channel.eventLoop) else {
                throw ChannelError.inappropriateOperationForState
            }
            let connection = ConnectionHandler(gateway: gateway, loop: loop)
            var limits = NIOHTTPDecoderLimitConfiguration()
            limits.maxHeaderFieldSize = gateway.settings.limits.headerFieldBytes
            limits.maxHeaderListSize = gateway.settings.limits.headerBytes
            limits.maxHeaderFieldCount = gateway.settings.limits.headerCount
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(WireHandler(connection: connection))
            try pipeline.addHandler(HTTPResponseEncoder())
            try pipeline.addHandler(
                ByteToMessageHandler(
                    HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)
                )
            )
            try pipeline.addHandler(connection)
            try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
            return AcceptedConnection(
                try NIOAsyncChannel(
                    wrappingChannelSynchronously: channel,
                    configuration: .init(isOutboundHalfClosureEnabled: true)
                )
            )
        }
    }

    package func handle(value connection: Value, logger: Logger) async {
        await handleHTTP(asyncChannel: connection.take(), logger: logger)
    }
}
