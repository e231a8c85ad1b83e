/// A metric as it is published: what it is called, what it tells, and what it stands at.
package struct MetricFamily: Sendable {
    package enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    package struct Label: Hashable, Sendable {
        package let name: String
        /// Of a closed set, or a name that an administrator gave; never anything that a request says.
        package let value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package enum Reading: Sendable {
        case number(MetricNumber)
        case histogram(Histogram)
    }

    package struct Sample: Sendable {
        package let labels: [Label]
        package let reading: Reading
    }

    /// With its unit, and for counters without the `_total` that every form adds.
    package let name: String
    package let kind: Kind
    package let help: String
    package private(set) var samples: [Sample] = []

    private init(_ name: String, _ kind: Kind, _ help: String) {
        self.name = name
        self.kind = kind
        self.help = help
    }

    package static func counter(_ name: String, _ help: String) -> MetricFamily { .init(name, .counter, help) }
    package static func gauge(_ name: String, _ help: String) -> MetricFamily { .init(name, .gauge, help) }
    package static func histogram(_ name: String, _ help: String) -> MetricFamily { .init(name, .histogram, help) }

    package static func counter(_ name: String, _ help: String, _ value: MetricNumber) -> MetricFamily {
        counter(name, help).with([], value)
    }

    package static func gauge(_ name: String, _ help: String, _ value: MetricNumber) -> MetricFamily {
        gauge(name, help).with([], value)
    }

    package static func histogram(_ name: String, _ help: String, _ value: Histogram) -> MetricFamily {
        histogram(name, help).with([], value)
    }

    package func with(_ labels: [Label], _ value: MetricNumber) -> MetricFamily {
        adding(Sample(labels: labels, reading: .number(value)))
    }

    package func with(_ labels: [Label], _ value: Histogram) -> MetricFamily {
        adding(Sample(labels: labels, reading: .histogram(value)))
    }

    package mutating func add(_ labels: [Label], _ value: MetricNumber) {
        samples.append(Sample(labels: labels, reading: .number(value)))
    }

    private func adding(_ sample: Sample) -> MetricFamily {
        var family = self
        family.samples.append(sample)
        return family
    }
}
