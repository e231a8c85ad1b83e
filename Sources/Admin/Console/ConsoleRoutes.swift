import Domain
import HTTPTypes
import Hummingbird

/// The console: its page at each address that it knows to read, its files below `/assets`.
struct ConsoleRoutes: Sendable {
    /// As `Console/src/pages.ts` has them; all but the first also with more below them.
    static let pages = [
        "/", "/usage", "/requests", "/alerts", "/keys", "/users", "/quotas", "/groups", "/models", "/providers",
        "/bills",
        "/ledger", "/playground", "/connect", "/reference", "/start", "/settings",
    ]

    func add(to router: Router<ControlPlane.Context>) {
        for page in Self.pages {
            router.get(RouterPath(page)) { request, _ in try Self.answer("index.html", to: request) }
            if page != "/" {
                router.get(RouterPath(page + "/**")) { request, _ in try Self.answer("index.html", to: request) }
            }
        }
        router.get("assets/{name}") { request, context in
            try Self.answer("assets/" + (context.parameters.get("name") ?? ""), to: request)
        }
    }

    static func methods(at path: String) -> [String]? {
        let isPage = pages.contains { path == $0 || ($0 != "/" && path.hasPrefix($0 + "/")) }
        let isFile = ConsoleFile.all[String(path.dropFirst())] != nil && path.hasPrefix("/assets/")
        return isPage || isFile ? ["GET", "HEAD"] : nil
    }

    private static func answer(_ path: String, to request: Request) throws(ControlError) -> Response {
        guard let file = ConsoleFile.all[path] else { throw .notFound(request.uri.path) }
        return file.response(to: request, isLasting: path.hasPrefix("assets/"))
    }
}
