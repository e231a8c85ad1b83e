import Domain

/// Each route with the least role that may use it, a body that it takes, and what it answers then.
enum RouteTable {
    static let all =
        UserRoutesTests.ownRoutes + CatalogStage.routes + QuotaRoutesTests.routes + KeyRoutesTests.routes
        + BodyRoutesTests.routes + ProofRoutesTests.routes + SettingRoutesTests.routes + ServerHealthTests.routes
        + AlertRoutesTests.routes

    static func body(_ method: String, _ path: String) -> String? {
        all.first { $0.method == method && $0.path == path }?.body
    }
}
