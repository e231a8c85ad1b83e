import Admin
import ServiceLifecycle

/// Brings traces to their collector, the last of them when no call runs any more.
struct TraceService: Service {
    let exporter: TraceExporter

    func run() async throws { await cancelWhenGracefulShutdown { await exporter.run() } }
}
