import Domain

/// Metrics as Prometheus reads them: its text format 0.0.4, or OpenMetrics 1.0.0.
struct MetricsText {
    enum Form {
        case prometheus
        case openMetrics

        /// - Parameter accept: what the reader says it takes.
        init(accepting accept: String?) {
            self = accept?.lowercased().contains("application/openmetrics-text") == true ? .openMetrics : .prometheus
        }

        var contentType: String {
            switch self {
            case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
            case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
            }
        }
    }

    private(set) var text = ""

    init(_ families: [MetricFamily], form: Form) {
        for family in families { append(family, form: form) }
        if form == .openMetrics { text += "# EOF\n" }
    }

    private mutating func append(_ family: MetricFamily, form: Form) {
        let sampleName = family.kind == .counter ? family.name + "_total" : family.name
        // OpenMetrics names a counter's family without the ending of its samples.
        let name = form == .openMetrics ? family.name : sampleName
        text += "# HELP \(name) \(Self.escaped(family.help, quotes: form == .openMetrics))\n"
        text += "# TYPE \(name) \(family.kind.rawValue)\n"
        for sample in family.samples {
            switch sample.reading {
            case .number(let number): line(sampleName, sample.labels, number)
            case .histogram(let histogram): lines(sampleName, sample.labels, histogram)
            }
        }
    }

    private mutating func lines(_ name: String, _ labels: [MetricFamily.Label], _ histogram: Histogram) {
        let decimals = histogram.buckets.decimals
        let counts = histogram.cumulative
        for (bound, count) in zip(histogram.buckets.bounds, counts.atMost) {
            let limit = MetricNumber(Int128(bound), decimals: decimals).description
            line(name + "_bucket", labels + [.init("le", limit)], MetricNumber(count))
        }
        line(name + "_bucket", labels + [.init("le", "+Inf")], MetricNumber(counts.all))
        line(name + "_sum", labels, MetricNumber(histogram.sum, decimals: decimals))
        line(name + "_count", labels, MetricNumber(counts.all))
    }

    private mutating func line(_ name: String, _ labels: [MetricFamily.Label], _ number: MetricNumber) {
        text += name
        if !labels.isEmpty {
            let pairs = labels.map { "\($0.name)=\"\(Self.escaped($0.value, quotes: true))\"" }
            text += "{\(pairs.joined(separator: ","))}"
        }
        text += " \(number)\n"
    }

    /// Backslash and line feed always, quotes in labels (and in OpenMetrics' help).
    private static func escaped(_ value: String, quotes: Bool) -> String {
        var text = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\"" where quotes: text += "\\\""
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
