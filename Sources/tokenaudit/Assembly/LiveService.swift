import Admin
import Logging
import ServiceLifecycle

/// Reads for whoever listens to calls; their streams were ended before.
struct LiveService: Service {
    let live: LiveCalls
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown { await live.run(logger: logger) }
    }
}
