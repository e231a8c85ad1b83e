import Domain

/// Everything that `/metrics` shows, source by source.
struct ServerMetrics: MetricsSource {
    let sources: [any MetricsSource]
    let version: String

    func metrics() async -> [MetricFamily] {
        var families: [MetricFamily] = [
            .gauge("tokenaudit_build_info", "1, with what was built.")
                .with([.init("version", version)], MetricNumber(1))
        ]
        for source in sources { families += await source.metrics() }
        return families
    }
}
