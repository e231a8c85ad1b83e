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
        guard let data = try? encoder.encode(body) else { return Response(status: .internalServerError) }
        return response(data: data, status: status, version: version, headers: headers)
    }

    /// What is JSON already.
    static func response(
        data: Data,
        status: HTTPResponse.Status,
        version: Instant?,
        headers: HTTPFields
    ) -> Response {
        var fields = headers
        fields[.contentType] = "application/json"
        fields[.contentLength] = String(data.count)
        fields[.cacheControl] = "no-store"
        if let version { fields[.eTag] = VersionTag.text(version) }
        return Response(status: status, headers: fields, body: .init(byteBuffer: ByteBuffer(bytes: data)))
    }

    /// What was made, with where it is to be found.
    static func created(
        _ body: any Encodable & Sendable,
        at path: String,
        id: some CustomStringConvertible,
        version: Instant? = nil
    ) -> Response {
        response(body, status: .created, version: version, headers: [.location: "\(path)/\(id)/"])
    }

    /// One line of it.
    static func text(_ body: any Encodable) -> String {
        (try? encoder.encode(body)).map { String(decoding: $0, as: UTF8.self) } ?? "null"
    }

    private static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        return encoder
    }

    /// Done, and nothing to say.
    static var empty: Response { Response(status: .noContent, headers: [.cacheControl: "no-store"]) }
}
