import Domain
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// JSON bodies, members in the order they are declared by name, slashes as they are.
enum JSONAnswer {
    /// - Parameter version: when the row that is shown was last updated; its `ETag`.
    static func response(
        _ body: any Encodable & Sendable,
        status: HTTPResponse.Status = .ok,
        version: Instant? = nil,
        headers: HTTPFields = [:]
    ) -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        guard let data = try? encoder.encode(body) else { return Response(status: .internalServerError) }
        var fields = headers
        fields[.contentType] = "application/json"
        fields[.contentLength] = String(data.count)
        fields[.cacheControl] = "no-store"
        if let version { fields[.eTag] = VersionTag.text(version) }
        return Response(status: status, headers: fields, body: .init(byteBuffer: ByteBuffer(bytes: data)))
    }

    /// Done, and nothing to say.
    static var empty: Response { Response(status: .noContent, headers: [.cacheControl: "no-store"]) }
}
