import Domain
import HTTPTypes
import Hummingbird

/// `/api/admin/health`: what the console shows of a server beside its settings.
struct ServerHealthRoutes: Sendable {
    let health: any HealthSource

    var operations: [Operation] {
        [
            .guarded(
                .get,
                "/api/admin/health",
                atLeast: .auditor,
                "How the server that answers is, and what its database says: queues, open calls, audit log, replicas.",
                gives: .ok(ServerHealthAnswer.shape)
            ) { _, _ in JSONAnswer.response(ServerHealthAnswer(await health.health())) }
        ]
    }
}
