package import Domain
package import Logging
package import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// The data plane: what all connections share, and the one place where calls are counted in and out.
package final class Gateway: Sendable {
    let directory: any Directory
    let journal: any Journal
    let digester: any KeyDigester
    let settings: GatewaySettings
    let logger: Logger
    /// Parses what is too large to parse on an event loop, and resolves names.
    let threads: NIOThreadPool
    private let loops: [ObjectIdentifier: LoopContext]
    private let running = Mutex(Running())
    let bodies: BodyBudget
    let heldAnswers: BodyBudget
    let rates: CallRates
    /// Nil: no bodies are kept.
    let capture: BodyCapture?
    /// Nil: no call is traced.
    let tracing: CallTracing?

    private struct Running {
        var calls = 0
        var isShuttingDown = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    /// - Parameters:
    ///   - rateCounter: where rates are counted for all replicas; nil: here.
    ///   - uptime: what rates are counted by here; the host's own if not said.
    package init(
        directory: any Directory,
        journal: any Journal,
        digester: any KeyDigester,
        settings: GatewaySettings,
        eventLoopGroup: any EventLoopGroup,
        logger: Logger,
        capture: BodyCapture? = nil,
        tracing: CallTracing? = nil,
        rateCounter: (any RateCounter)? = nil,
        uptime: (@Sendable () -> Uptime)? = nil
    ) throws {
        self.directory = directory
        self.journal = journal
        self.digester = digester
        self.settings = settings
        self.logger = logger
        self.capture = capture
        self.tracing = tracing
        threads = NIOThreadPool.singleton
        bodies = BodyBudget(limit: settings.limits.requestBodiesBytes)
        heldAnswers = BodyBudget(limit: settings.limits.heldAnswersBytes)
        rates = CallRates(
            usersLimit: settings.userRateLimit,
            counter: rateCounter,
            eventLoop: eventLoopGroup.next(),
            uptime: uptime ?? Uptime.now
        )
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .fullVerification
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        let tls = try NIOSSLContext(configuration: configuration)
        let addresses = UpstreamAddresses(allowsPrivate: settings.allowsPrivateUpstreams, threads: threads)
        var loops: [ObjectIdentifier: LoopContext] = [:]
        for eventLoop in eventLoopGroup.makeIterator() {
            let pool = UpstreamPool(
                eventLoop: eventLoop,
                tls: tls,
                deadlines: settings.deadlines,
                addresses: addresses
            )
            loops[ObjectIdentifier(eventLoop)] = LoopContext(eventLoop: eventLoop, pool: pool)
        }
        self.loops = loops
    }

    func loop(of eventLoop: any EventLoop) -> LoopContext? { loops[ObjectIdentifier(eventLoop)] }

    var allLoops: [LoopContext] { Array(loops.values) }

    // MARK: - Counting calls

    /// Calls between their admission and the end of their booking.
    package var runningCalls: Int { running.withLock { $0.calls } }

    func enter() -> CallError? {
        running.withLock { running in
            if running.calls >= settings.limits.concurrentCalls { return .overloaded }
            running.calls += 1
            return nil
        }
    }

    func leave() {
        let waiters = running.withLock { running -> [CheckedContinuation<Void, Never>] in
            running.calls -= 1
            guard running.calls == 0, !running.waiters.isEmpty else { return [] }
            defer { running.waiters = [] }
            return running.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    // MARK: - Shutdown

    package var isShuttingDown: Bool { running.withLock { $0.isShuttingDown } }

    /// Starts the grace period: running calls go on; what still runs at its end is cut and booked. Idempotent.
    package func beginShutdown() {
        let isFirst = running.withLock { running in
            defer { running.isShuttingDown = true }
            return !running.isShuttingDown
        }
        guard isFirst else { return }
        let grace = TimeAmount.milliseconds(Int64(settings.deadlines.graceSeconds * 1_000))
        for loop in loops.values {
            loop.eventLoop.execute {
                loop.eventLoop.scheduleTask(in: grace) { loop.cutEverything() }
            }
        }
    }

    /// Ends the grace period: what still runs is cut and booked. Idempotent.
    package func cutCalls() {
        for loop in loops.values { loop.eventLoop.execute { loop.cutEverything() } }
    }

    /// Returns when no call runs any more, also none whose client is gone; then closes idle upstream connections.
    package func drained() async {
        await withCheckedContinuation { continuation in
            let isIdle = running.withLock { running in
                if running.calls > 0 { running.waiters.append(continuation) }
                return running.calls == 0
            }
            if isIdle { continuation.resume() }
        }
        for loop in loops.values { loop.eventLoop.execute { loop.pool.closeAll() } }
    }
}
