package import Domain

/// Everything the data plane can be told: limits, deadlines and policies. The defaults are what `serve` starts with.
package struct GatewaySettings: Sendable {
    /// Bounds on what one connection, one call and the process may take.
    package struct Limits: Sendable {
        package var requestBodyBytes = 32 * 1024 * 1024
        /// All of them that are held at a time.
        package var requestBodiesBytes = 1024 * 1024 * 1024
        package var headerBytes = 64 * 1024
        package var headerFieldBytes = 16 * 1024
        package var headerCount = 200
        package var concurrentCalls = 10_000
        /// An answer that is not streamed is held whole up to here, so that its head can carry the cost.
        package var heldAnswerBytes = 8 * 1024 * 1024
        /// All of them that are held at a time; beyond it an answer is passed on as if it were too large to hold.
        package var heldAnswersBytes = 512 * 1024 * 1024
        /// An upstream's error body is read up to here.
        package var errorBodyBytes = 64 * 1024
        /// One server-sent event.
        package var eventBytes = 1024 * 1024
        /// What is read of a stream whose client is gone.
        package var drainBytes = 4 * 1024 * 1024
        /// What is read and dropped of a request that was refused before its end.
        package var discardBytes = 64 * 1024 * 1024

        package init() {}
    }

    /// Seconds, on the monotonic clock.
    package struct Deadlines: Sendable {
        /// From the first byte of a head to its last.
        package var headerSeconds = 15.0
        /// From a head's last byte to its body's last.
        package var bodySeconds = 120.0
        /// Between requests on one connection.
        package var idleSeconds = 90.0
        /// A client that takes nothing of what is written to it.
        package var writeStallSeconds = 60.0
        package var connectSeconds = 10.0
        /// From the request sent to the head of the answer.
        package var firstByteSeconds = 300.0
        /// Between two pieces of an answer.
        package var upstreamIdleSeconds = 120.0
        /// From the dispatch to the answer's end.
        package var totalSeconds = 900.0
        /// For a stream whose client is gone.
        package var drainSeconds = 30.0
        /// For a refused request to finish sending.
        package var discardSeconds = 2.0
        /// An admission older than this is not dispatched.
        package var admitSeconds = 5.0
        /// An idle upstream connection is closed after this, or a second before the upstream says it would.
        package var upstreamKeepAliveSeconds = 30.0
        /// Between SIGTERM and cutting what still runs.
        package var graceSeconds = 30.0

        package init() {}
    }

    package var limits = Limits()
    package var deadlines = Deadlines()
    /// Of users who have none of their own.
    package var userRateLimit = RateLimit.none
    /// Believed about the addresses of clients.
    package var trustedProxies = TrustedProxies.none
    package var clamp: ClampRule = .implicit
    package var disconnectUnknown: DisconnectPolicy = .chargeHold
    /// Loopback and private networks are legitimate upstreams; link-local and metadata addresses never are.
    package var allowsPrivateUpstreams = false

    package init() {}
}
