import Domain
import Logging
import ServiceLifecycle
import Storage

/// Makes PostgreSQL's ranges of calls before they are needed, on one replica.
struct PartitionService: Service {
    private static let interval = Duration.seconds(60)
    /// Where somebody reads the table now.
    private static let pause = Duration.seconds(1)

    let upkeep: PartitionUpkeep
    let hasDuty: @Sendable () -> Bool
    let now: @Sendable () -> Instant
    let logger: Logger

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                var pause = Self.interval
                do {
                    let made = hasDuty() ? try await upkeep.inBackground(clock: now) : []
                    for range in made { logger.info("a range of calls is made", metadata: ["table": "\(range)"]) }
                } catch StorageError.contended, StorageError.constraint {
                    // The latter: a call came for which there was no range yet.
                    pause = Self.pause
                } catch {
                    logger.warning("ranges of calls wait to be made", metadata: ["cause": "\(error)"])
                }
                try? await Task.sleep(for: pause)
            }
        }
    }
}
