import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOEmbedded
import Testing

@testable import Admin

/// Asks a control plane's routes without a socket.
struct RouteCaller {
    let responder: RouterResponder<ControlPlane.Context>
    let logger: Logger

    func ask(
        _ method: String,
        _ path: String,
        token: String?,
        bytes: [UInt8]?,
        type: String? = "application/json",
        headers: AdministrationStage.Fields = [],
        from address: String? = "127.0.0.1",
        host: String? = "localhost"
    ) async throws -> AdministrationStage.Answer {
        var head = HTTPRequest(method: .init(method)!, scheme: "http", authority: host, path: path)
        if let token { head.headerFields[.authorization] = "Bearer \(token)" }
        if bytes != nil, let type { head.headerFields[.contentType] = type }
        for (name, value) in headers {
            head.headerFields.append(HTTPField(name: try #require(HTTPField.Name(name)), value: value))
        }
        let channel = NIOAsyncTestingChannel()
        if let address { channel.remoteAddress = try SocketAddress(ipAddress: address, port: 50_000) }
        let context = ControlPlane.Context(source: .init(channel: channel, logger: logger))
        let response = try await responder.respond(
            to: Request(head: head, body: .init(buffer: ByteBuffer(bytes: bytes ?? []))),
            context: context
        )
        let collector = CollectedBody()
        // Has no end of its own.
        guard response.headers[.contentType] != "text/event-stream" else {
            return AdministrationStage.Answer(status: response.status.code, headers: response.headers, text: "")
        }
        try await response.body.write(collector.writer())
        return AdministrationStage.Answer(
            status: response.status.code,
            headers: response.headers,
            text: String(decoding: collector.bytes, as: UTF8.self)
        )
    }
}

extension Array {
    /// One after the other.
    func asyncMap<Value>(_ change: (Element) async throws -> Value) async throws -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await change(element)) }
        return values
    }
}
