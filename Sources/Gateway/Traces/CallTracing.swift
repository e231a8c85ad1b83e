package import Domain
import NIOCore

/// Which calls are traced, and who takes their traces.
package struct CallTracing: Sendable {
    let sink: any TraceSink
    private let millionths: UInt64

    /// - Parameter millionths: how many of a million calls without a trace of their own begin one.
    package init(sink: any TraceSink, millionths: Int) {
        self.sink = sink
        self.millionths = UInt64(clamping: millionths)
    }

    /// What the client decided of its trace holds for its call too.
    func begin(under parent: TraceContext?, on loop: LoopContext) -> CallSpan? {
        if let parent { return parent.isSampled ? CallSpan(in: parent.traceID, under: parent.spanID, on: loop) : nil }
        guard loop.random() % 1_000_000 < millionths else { return nil }
        return CallSpan(in: TraceID(high: loop.random(), low: loop.random() | 1), under: nil, on: loop)
    }
}

/// A call that is traced, while it runs: its own span and the one of what is asked of a provider.
///
/// Only ever touched on the call's event loop.
final class CallSpan {
    let server: TraceContext
    let client: TraceContext
    let parentID: UInt64?
    var usage = Usage()
    var outcome: UpstreamOutcome?
    var refusal: RefusalReason?

    init(in traceID: TraceID, under parentID: UInt64?, on loop: LoopContext) {
        server = TraceContext(traceID: traceID, spanID: loop.random() | 1, isSampled: true)
        client = TraceContext(traceID: traceID, spanID: loop.random() | 1, isSampled: true)
        self.parentID = parentID
    }

    func trace(
        of id: CallID,
        _ endpoint: Endpoint,
        at wallStart: Instant,
        prepared: PreparedCall?,
        status: Int,
        times: CallTimes,
        endedAt end: NIODeadline
    ) -> CallTrace {
        let start = wallStart.microseconds * 1_000
        func wall(_ tick: NIODeadline) -> Int64 { start + (tick - times.began).nanoseconds }
        var upstream: CallTrace.Upstream?
        if let prepared, let sent = times.sent {
            let route = prepared.quoted.route
            upstream = CallTrace.Upstream(
                spanID: client.spanID,
                dialect: route.provider.dialect,
                provider: route.provider.name,
                host: route.provider.baseURL.host,
                port: route.provider.baseURL.port,
                model: route.upstreamModel,
                isStreamed: prepared.intent.isStreamed,
                sentAt: wall(sent),
                firstOutputAt: times.firstOutput.map(wall),
                endedAt: wall(times.settling ?? end),
                usage: usage,
                failure: outcome == .answered ? nil : outcome?.name
            )
        }
        return CallTrace(
            id: id,
            context: server,
            parentID: parentID,
            endpoint: endpoint,
            beganAt: start,
            heldAt: times.held.map(wall),
            endedAt: wall(end),
            statusCode: status,
            refusal: refusal?.rawValue,
            upstream: upstream
        )
    }
}
