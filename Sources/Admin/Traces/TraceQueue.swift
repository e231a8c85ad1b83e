package import Domain
import Synchronization

/// Traces that wait to be exported. Full, it drops what comes, and counts it: no call ever waits for a collector.
package final class TraceQueue: TraceSink {
    static let limit = 4_096

    private struct State {
        var waiting: [CallTrace] = []
        var exported: Int64 = 0
        var dropped: Int64 = 0
    }

    private let state = Mutex(State())

    package init() {}

    package func keep(_ trace: CallTrace) {
        state.withLock { state in
            if state.waiting.count < Self.limit { state.waiting.append(trace) } else { state.dropped &+= 1 }
        }
    }

    /// The oldest that wait, at most `most`.
    func take(_ most: Int) -> [CallTrace] {
        state.withLock { state in
            let batch = Array(state.waiting.prefix(most))
            state.waiting.removeFirst(batch.count)
            return batch
        }
    }

    func count(exported: Int = 0, dropped: Int = 0) {
        state.withLock { state in
            state.exported &+= Int64(exported)
            state.dropped &+= Int64(dropped)
        }
    }

    var figures: (waiting: Int, exported: Int64, dropped: Int64) {
        state.withLock { ($0.waiting.count, $0.exported, $0.dropped) }
    }
}

extension TraceQueue: MetricsSource {
    package func metrics() async -> [MetricFamily] {
        let figures = figures
        return [
            .gauge(
                "tokenaudit_traces_queue_depth",
                "Calls whose traces wait to be exported.",
                MetricNumber(figures.waiting)
            ),
            .counter(
                "tokenaudit_traces_exported",
                "Calls whose traces a collector took.",
                MetricNumber(figures.exported)
            ),
            .counter(
                "tokenaudit_traces_dropped",
                "Calls whose traces found no room, or no collector that took them.",
                MetricNumber(figures.dropped)
            ),
        ]
    }
}
