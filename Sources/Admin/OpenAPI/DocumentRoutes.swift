import Domain
import HTTPTypes
import Hummingbird
import NIOCore

/// `/openapi.json`, and `/docs`: the same for people, without a script or anything from elsewhere.
struct DocumentRoutes: Sendable {
    private let json: ByteBuffer
    private let page: ByteBuffer

    init(operations: Operations, version: String) {
        json = ByteBuffer(string: OpenAPIDocument(operations: operations, version: version).json.text)
        page = ByteBuffer(string: DocumentPage(operations: operations, version: version).html)
    }

    func add(to router: Router<ControlPlane.Context>) {
        router.get("openapi.json") { _, _ in Self.answer(json, "application/json") }
        router.get("docs") { _, _ in Self.answer(page, "text/html; charset=utf-8") }
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
                .xContentTypeOptions: "nosniff",
            ],
            body: .init(byteBuffer: body)
        )
    }
}
