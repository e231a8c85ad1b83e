package import Domain
package import Logging
import Synchronization

/// Delivers what waits: each channel one alert after the other, all channels beside each other, so that one that does not
/// answer delays nobody else's.
package struct AlertCourier: Sendable {
    private static let interval = Duration.milliseconds(500)

    private let outbox: any AlertOutbox
    private let sender: AlertSender
    private let logger: Logger
    private let now: @Sendable () -> Instant

    package init(
        outbox: any AlertOutbox,
        sender: AlertSender,
        logger: Logger,
        now: @escaping @Sendable () -> Instant
    ) {
        self.outbox = outbox
        self.sender = sender
        self.logger = logger
        self.now = now
    }

    /// Until it is cancelled; what is on its way then is tried again later.
    package func run() async {
        let busy = BusyChannels()
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                for channel in await dueChannels() where busy.take(channel) {
                    group.addTask {
                        await empty(channel)
                        busy.release(channel)
                    }
                }
                try? await Task.sleep(for: Self.interval)
            }
        }
    }

    private func dueChannels() async -> [AlertChannelID] {
        do {
            return try await outbox.dueChannels()
        } catch {
            logger.warning("alerts wait for the database", metadata: ["cause": "\(error)"])
            return []
        }
    }

    /// Delivers until nothing is due or something fails: then the next look goes on, with whatever is due by then.
    private func empty(_ channel: AlertChannelID) async {
        do {
            while !Task.isCancelled, let delivery = try await outbox.claim(channel) {
                let problem = await sender.send(delivery, now: now())
                var generator = SystemRandomNumberGenerator()
                try await outbox.finish(delivery.id, problem: problem, random: generator.next())
                guard let problem else { continue }
                logger.warning(
                    "an alert was not taken",
                    metadata: [
                        "delivery": "\(delivery.id)", "channel": "\(channel)", "problem": "\(problem.rawValue)",
                    ]
                )
                return
            }
        } catch {
            logger.warning("alerts wait for the database", metadata: ["cause": "\(error)"])
        }
    }
}

/// Channels that deliver at the moment.
private final class BusyChannels: Sendable {
    private let channels = Mutex<Set<AlertChannelID>>([])

    /// - Returns: false where it is taken already.
    func take(_ channel: AlertChannelID) -> Bool { channels.withLock { $0.insert(channel).inserted } }

    func release(_ channel: AlertChannelID) { channels.withLock { _ = $0.remove(channel) } }
}
