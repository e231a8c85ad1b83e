import Logging
import ServiceLifecycle
import Storage

/// Takes away bodies whose time is over, in short steps on their own file.
struct BodyRetentionService: Service {
    private static let pause = Duration.milliseconds(20)
    private static let interval = Duration.seconds(60)

    let archive: BodyArchive
    let live: LiveSettings
    let logger: Logger

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    while try await archive.expire(keptSeconds: live.bodiesKeptSeconds) {
                        try await Task.sleep(for: Self.pause)
                    }
                } catch is CancellationError {
                    return
                } catch {
                    logger.warning("bodies whose time is over wait to be deleted", metadata: ["cause": "\(error)"])
                }
                try? await Task.sleep(for: Self.interval)
            }
        }
    }
}
