import Domain
import Hummingbird

/// What anybody may keep to hold the operator to: the newest signed checkpoint, and the key that signs.
struct AuditRoutes: Sendable {
    let audit: any PublishedAudit

    func add(to router: Router<ControlPlane.Context>) {
        router.get("audit/checkpoint") { _, _ in Self.answer(audit.checkpoint) }
        router.get("audit/key") { _, _ in Self.answer(audit.verifierKey.map { $0 + "\n" }) }
    }

    static func methods(at path: String) -> [String]? {
        ["/audit/checkpoint", "/audit/key", "/audit/checkpoint/", "/audit/key/"].contains(path) ? ["GET", "HEAD"] : nil
    }

    /// Before the first leaf has its place there is nothing to show.
    private static func answer(_ text: String?) -> Response {
        Response(
            status: text == nil ? .serviceUnavailable : .ok,
            headers: [.contentType: "text/plain; charset=utf-8", .cacheControl: "no-cache"],
            body: .init(byteBuffer: .init(string: text ?? "nothing is signed yet\n"))
        )
    }
}
