import Domain

/// Everything the data plane can be told: limits, deadlines and policies. The defaults are what `serve` starts with.
struct GatewaySettings: Sendable {
    /// Bounds on what one connection, one call and the process may take.
    struct Limits: Sendable {
        var requestBodyBytes = 32 * 1024 * 1024
        var headerBytes = 64 * 1024
        var headerFieldBytes = 16 * 1024
        var headerCount = 200
        var concurrentCalls = 10_000
        /// An answer that is not streamed is held whole up to here, so that its head can carry the cost.
        var heldAnswerBytes = 8 * 1024 * 1024
        /// An upstream's error body is read up to here.
        var errorBodyBytes = 64 * 1024
        /// One server-sent event.
        var eventBytes = 1024 * 1024
        /// What is read of an answer whose client is gone.
        var drainBytes = 4 * 1024 * 1024
        /// What is read and dropped of a request that was refused before its end.
        var discardBytes = 64 * 1024 * 1024

        init() {}
    }

    /// Seconds, on the monotonic clock.
    struct Deadlines: Sendable {
        /// From the first byte of a head to its last.
        var headerSeconds = 15.0
        /// From a head's last byte to its body's last.
        var bodySeconds = 120.0
        /// Between requests on one connection.
        var idleSeconds = 90.0
        /// A client that takes nothing of what is written to it.
        var writeStallSeconds = 60.0
        var connectSeconds = 10.0
        /// From the request sent to the head of the answer.
        var firstByteSeconds = 300.0
        /// Between two pieces of an answer.
        var upstreamIdleSeconds = 120.0
        /// From the dispatch to the answer's end.
        var totalSeconds = 900.0
        /// For a stream whose client is gone.
        var drainSeconds = 30.0
        /// For a refused request to finish sending.
        var discardSeconds = 2.0
        /// An admission older than this is not dispatched.
        var admitSeconds = 5.0
        /// An idle upstream connection is closed after this, or a second before the upstream says it would.
        var upstreamKeepAliveSeconds = 30.0
        /// Between SIGTERM and cutting what still runs.
        var graceSeconds = 30.0

        init() {}
    }

    var limits = Limits()
    var deadlines = Deadlines()
    var clamp: ClampRule = .implicit
    var disconnectUnknown: DisconnectPolicy = .chargeHold
    /// Loopback and private networks are legitimate upstreams; link-local and metadata addresses never are.
    var allowsPrivateUpstreams = false

    init() {}
}
