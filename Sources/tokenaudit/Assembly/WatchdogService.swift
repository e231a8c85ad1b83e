import NIOCore
import ServiceLifecycle

/// Says that the process lives, twice as often as it is asked to, and only while every event loop still answers: one that
/// hangs takes its connections with it, and nothing but a restart brings it back.
struct WatchdogService: Service {
    let notice: SystemdNotice?
    let group: any EventLoopGroup

    func run() async throws {
        guard let notice, let interval = notice.watchdogInterval else {
            try? await gracefulShutdown()
            return
        }
        try? await cancelWhenGracefulShutdown {
            while true {
                for loop in group.makeIterator() { try await loop.submit {}.get() }
                notice.tell(.alive)
                try await Task.sleep(for: interval / 2)
            }
        }
    }
}
