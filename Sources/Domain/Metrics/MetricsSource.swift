/// Whatever can tell what it has counted and where it stands.
package protocol MetricsSource: Sendable {
    /// Always the same families, whatever was counted; what cannot be read now has no samples.
    func metrics() async -> [MetricFamily]
}
