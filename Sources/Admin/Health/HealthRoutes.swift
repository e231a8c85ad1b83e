import Domain
import Hummingbird

/// `/healthz`: the process runs. `/readyz`: it can take calls, which needs the database and the journal; upstreams'
/// health is not ours and does not count, and a halted audit log is told without counting: calls go on.
struct HealthRoutes: Sendable {
    let sources: ControlPlane.Sources

    func add(to router: Router<ControlPlane.Context>) {
        router.get("healthz") { _, _ in JSONAnswer.response(Health(status: "ok")) }
        router.get("readyz") { _, _ in
            let isDatabaseReady = await sources.isDatabaseReady()
            let isJournalReady = sources.journal.isReady
            let isReady = isDatabaseReady && isJournalReady
            return JSONAnswer.response(
                Readiness(
                    status: isReady ? "ready" : "unavailable",
                    database: isDatabaseReady ? "ok" : "does not answer",
                    journal: isJournalReady ? "ok" : "takes no admissions",
                    audit: sources.audit?.halt.map { "halted: \($0)" } ?? "ok"
                ),
                status: isReady ? .ok : .serviceUnavailable
            )
        }
    }

    static func methods(at path: String) -> [String]? {
        ["/healthz", "/readyz", "/healthz/", "/readyz/"].contains(path) ? ["GET", "HEAD"] : nil
    }

    private struct Health: Encodable {
        let status: String
    }

    private struct Readiness: Encodable {
        let status: String
        let database: String
        let journal: String
        let audit: String
    }
}
