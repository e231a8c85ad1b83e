import Domain
import Logging
import ServiceLifecycle
import Storage

/// Folds finished quarters of an hour into days and months, in steps too short for the journal to notice.
struct StatisticsService: Service {
    private static let pause = Duration.milliseconds(4)
    private static let interval = Duration.seconds(60)

    let fold: PeriodFold
    let hasDuty: @Sendable () -> Bool
    let now: @Sendable () -> Instant
    let logger: Logger

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await fold.inBackground { try $0.chooseZones() }
                    repeat {
                        while hasDuty(), try await fold.inBackground({ try $0.step(now: now()) }) {
                            try await Task.sleep(for: Self.pause)
                        }
                        try await Task.sleep(for: Self.interval)
                    } while !Task.isCancelled
                } catch is CancellationError {
                    return
                } catch {
                    // A full disk, a lock of somebody else's: what is not folded yet is read from its quarters.
                    logger.warning("statistics wait for the database", metadata: ["cause": "\(error)"])
                    try? await Task.sleep(for: Self.interval)
                }
            }
        }
    }
}
