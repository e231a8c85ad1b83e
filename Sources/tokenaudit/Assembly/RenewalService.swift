import Domain
import Logging
import ServiceLifecycle
import Storage

/// Makes quotas' next periods while the server runs; whatever was missed while it did not is made at its start.
struct RenewalService: Service {
    private static let interval = Duration.seconds(20)

    let renewals: QuotaRenewals
    let hasDuty: @Sendable () -> Bool
    let logger: Logger

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    let stuck = hasDuty() ? try await renewals.run() : []
                    if let first = stuck.first {
                        logger.error(
                            "quotas cannot be renewed, for their time zone is not known here",
                            metadata: ["count": "\(stuck.count)", "first": "\(first)"]
                        )
                    }
                } catch {
                    logger.warning("quotas wait to be renewed", metadata: ["cause": "\(error)"])
                }
                try? await Task.sleep(for: Self.interval)
            }
        }
    }
}
