import Logging
import ServiceLifecycle
import Storage

/// Takes away raw usage whose time is over, on one replica.
struct UsageRetentionService: Service {
    private static let pause = Duration.milliseconds(4)
    private static let interval = Duration.seconds(60)

    let retention: UsageRetention
    let live: LiveSettings
    let hasDuty: @Sendable () -> Bool
    let logger: Logger

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do { try await expire() } catch is CancellationError { return } catch {
                    logger.warning("raw usage whose time is over waits to be deleted", metadata: ["cause": "\(error)"])
                }
                try? await Task.sleep(for: Self.interval)
            }
        }
    }

    private func expire() async throws {
        var rows = 0
        defer {
            if rows > 0 { logger.notice("raw usage whose time is over is deleted", metadata: ["rows": "\(rows)"]) }
        }
        while hasDuty(), let seconds = live.rawUsageKeptSeconds {
            let step = try await retention.expire(keptSeconds: seconds)
            rows += step.rows
            for range in step.ranges {
                logger.notice("raw usage whose time is over is dropped", metadata: ["table": "\(range)"])
            }
            guard step.hasMore else { return }
            try await Task.sleep(for: Self.pause)
        }
    }
}
