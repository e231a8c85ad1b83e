import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// JSON bodies, members in the order they are declared by name, slashes as they are.
enum JSONAnswer {
    static func response(
        _ body: any Encodable & Sendable,
        status: HTTPResponse.Status = .ok,
        headers: HTTPFields = [:]
    ) -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        guard let data = try? encoder.encode(body) else { return Response(status: .internalServerError) }
        var fields = headers
        fields[.contentType] = "application/json"
        fields[.contentLength] = String(data.count)
        fields[.cacheControl] = "no-store"
        return Response(status: status, headers: fields, body: .init(byteBuffer: ByteBuffer(bytes: data)))
    }

    /// Done, and nothing to say.
    static var empty: Response { Response(status: .noContent, headers: [.cacheControl: "no-store"]) }
}
