/// How a provider's calls of the last minutes ended.
package struct ProviderHealth: Sendable {
    package static let windowMicroseconds: Int64 = 5 * 60 * 1_000_000
    /// Counts of one look each, taken together where they are close, so that the window stays small.
    private static let stepMicroseconds: Int64 = 10 * 1_000_000

    private struct Step: Sendable {
        let at: Instant
        var calls: Int64
        var failures: Int64
    }

    private var steps: [Step] = []

    package init() {}

    package var calls: Int64 { steps.reduce(0) { $0 + $1.calls } }
    package var failures: Int64 { steps.reduce(0) { $0 + $1.failures } }

    /// Counts what ended since the last look, and forgets what is older than the window.
    package mutating func count(calls: Int64, failures: Int64, now: Instant) {
        steps.removeAll { now.microseconds - $0.at.microseconds >= Self.windowMicroseconds }
        guard calls > 0 || failures > 0 else { return }
        if let last = steps.last, now.microseconds - last.at.microseconds < Self.stepMicroseconds {
            steps[steps.count - 1].calls += calls
            steps[steps.count - 1].failures += failures
        } else {
            steps.append(Step(at: now, calls: calls, failures: failures))
        }
    }

    /// - Parameters:
    ///   - incident: of the last that was raised; 0 before the first.
    ///   - isFailing: that one has not ended.
    ///   - since: when that one was raised.
    package func alert(
        of provider: ProviderID,
        name: String,
        incident: Int64,
        isFailing: Bool,
        since: Instant?,
        rules: AlertRules,
        now: Instant
    ) -> Alert? {
        let (calls, failures) = (calls, failures)
        let isBad =
            failures >= rules.leastFailures
            && Int128(failures) * 100 >= Int128(calls) * Int128(rules.failurePercent)
        // Half as bad is well again: a share that goes to and fro at the limit is one incident.
        let isWell = calls > failures && Int128(failures) * 200 < Int128(calls) * Int128(rules.failurePercent)
        guard isFailing ? isWell : isBad else { return nil }
        var alert = Alert(
            kind: isFailing ? .providerRecovered : .providerFailing,
            severity: isFailing ? .info : .critical,
            subject: provider.rawValue,
            period: isFailing ? incident : incident + 1
        )
        alert.name = name
        alert.calls = calls
        alert.failures = failures
        alert.at = isFailing ? since : steps.first?.at ?? now
        return alert
    }
}
