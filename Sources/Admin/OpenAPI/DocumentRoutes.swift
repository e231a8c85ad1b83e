import Domain
import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// `/openapi.json`, and `/docs`: the same for people, without a script or anything from elsewhere.
struct DocumentRoutes: Sendable {
    private let json: OnceMade
    private let page: OnceMade

    init(operations: Operations, version: String) {
        json = OnceMade { OpenAPIDocument(operations: operations, version: version).json.text }
        page = OnceMade { DocumentPage(operations: operations, version: version).html }
    }

    func add(to router: Router<ControlPlane.Context>) {
        router.get("openapi.json") { _, _ in Self.answer(json.buffer, "application/json") }
        router.get("docs") { _, _ in Self.answer(page.buffer, "text/html; charset=utf-8") }
    }

    static func methods(at path: String) -> [String]? {
        ["/openapi.json", "/docs", "/docs/"].contains(path) ? ["GET", "HEAD"] : nil
    }

    private static func answer(_ body: ByteBuffer, _ type: String) -> Response {
        Response(
            status: .ok,
            headers: [
                .contentType: type, .contentLength: String(body.readableBytes), .cacheControl: "no-cache",
                .contentSecurityPolicy: "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
            ],
            body: .init(byteBuffer: body)
        )
    }
}

/// A text that is made when it is first asked for, and kept.
private final class OnceMade: Sendable {
    private let made = Mutex<ByteBuffer?>(nil)
    private let make: @Sendable () -> String

    init(_ make: @escaping @Sendable () -> String) { self.make = make }

    var buffer: ByteBuffer {
        made.withLock { made in
            if let made { return made }
            let buffer = ByteBuffer(string: make())
            made = buffer
            return buffer
        }
    }
}
