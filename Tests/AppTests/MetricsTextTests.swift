import Domain
import Testing

@testable import Admin

@Suite("metrics as text") struct MetricsTextTests {
    private static let families: [MetricFamily] = {
        var histogram = Histogram(Buckets([500_000, 1_000_000_000], decimals: 9))
        for value in [100_000, 500_000, 2_000_000_000] as [Int64] { histogram.observe(value) }
        return [
            .counter("calls", "What \"came\",\nback\\slash.", MetricNumber(3)),
            .gauge("provider_up", "One a provider.")
                .with([.init("provider", "a\"b\\c\nd"), .init("zone", "é")], MetricNumber(false)),
            .histogram("took_seconds", "How long.", histogram),
            .gauge("nothing", "No samples."),
        ]
    }()

    @Test("Prometheus' own form")
    func prometheus() {
        #expect(
            MetricsText(Self.families, form: .prometheus).text == #"""
                # HELP calls_total What "came",\nback\\slash.
                # TYPE calls_total counter
                calls_total 3
                # HELP provider_up One a provider.
                # TYPE provider_up gauge
                provider_up{provider="a\"b\\c\nd",zone="é"} 0
                # HELP took_seconds How long.
                # TYPE took_seconds histogram
                took_seconds_bucket{le="0.0005"} 2
                took_seconds_bucket{le="1"} 2
                took_seconds_bucket{le="+Inf"} 3
                took_seconds_sum 2.0006
                took_seconds_count 3
                # HELP nothing No samples.
                # TYPE nothing gauge

                """#
        )
    }

    @Test("OpenMetrics names a counter's family without its ending, and ends")
    func openMetrics() {
        let text = MetricsText(Self.families, form: .openMetrics).text
        #expect(
            text.hasPrefix("# HELP calls What \\\"came\\\",\\nback\\\\slash.\n# TYPE calls counter\ncalls_total 3\n")
        )
        #expect(text.hasSuffix("# TYPE nothing gauge\n# EOF\n"))
    }

    @Test(
        "who asks for OpenMetrics gets it",
        arguments: [
            (nil, "text/plain; version=0.0.4; charset=utf-8"), ("*/*", "text/plain; version=0.0.4; charset=utf-8"),
            ("text/plain;version=0.0.4;q=0.5", "text/plain; version=0.0.4; charset=utf-8"),
            (
                "application/openmetrics-text;version=1.0.0;q=0.9,text/plain;version=0.0.4;q=0.5",
                "application/openmetrics-text; version=1.0.0; charset=utf-8"
            ),
        ] as [(String?, String)]
    )
    func forms(accept: String?, type: String) { #expect(MetricsText.Form(accepting: accept).contentType == type) }
}
