import Admin
import Logging
import ServiceLifecycle
import Storage

/// Looks every two seconds for what people are to be warned of.
struct AlertWatchService: Service {
    private static let interval = Duration.seconds(2)

    let watch: AlertWatch
    let hasDuty: @Sendable () -> Bool
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    if hasDuty() { try await watch.run() }
                } catch {
                    logger.warning("alerts wait to be raised", metadata: ["cause": "\(error)"])
                }
                try? await Task.sleep(for: Self.interval)
            }
        }
    }
}

/// Delivers what was raised, also before this process began.
struct AlertDeliveryService: Service {
    private static let pruning = Duration.seconds(3_600)

    let outbox: AlertOutboxStore
    let courier: AlertCourier
    /// What is claimed at the start was claimed by a process that is gone; else a claim ends by itself.
    let isAlone: Bool
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            do {
                if isAlone { try await outbox.releaseClaims() }
            } catch {
                logger.warning("alerts wait for the database", metadata: ["cause": "\(error)"])
            }
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await courier.run() }
                group.addTask {
                    while !Task.isCancelled {
                        try? await outbox.prune()
                        try? await Task.sleep(for: Self.pruning)
                    }
                }
            }
        }
    }
}
