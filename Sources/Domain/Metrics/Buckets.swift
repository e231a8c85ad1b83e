/// Upper bounds that a histogram counts under, ascending; what is above the last of them is counted too.
package struct Buckets: Hashable, Sendable {
    /// As many as a ``Histogram`` has room for.
    package static let most = 16

    /// In units of 10^-`decimals` of what the metric's name says.
    package let bounds: [Int64]
    package let decimals: Int

    package init(_ bounds: [Int64], decimals: Int) {
        precondition(bounds.count <= Self.most && zip(bounds, bounds.dropFirst()).allSatisfy(<))
        self.bounds = bounds
        self.decimals = decimals
    }

    private static func seconds(microseconds: [Int64]) -> Buckets {
        Buckets(microseconds.map { $0 * 1_000 }, decimals: 9)
    }

    /// Whole calls: from 5 ms to the longest a call may take.
    package static let call = seconds(microseconds: [
        5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000,
        30_000_000, 60_000_000, 120_000_000, 300_000_000, 900_000_000,
    ])
    /// What the gateway itself takes of a call.
    package static let overhead = seconds(microseconds: [
        100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000,
    ])
    /// As OpenTelemetry's GenAI conventions have them for `gen_ai.server.request.duration`.
    package static let genAIDuration = seconds(microseconds: [
        10_000, 20_000, 40_000, 80_000, 160_000, 320_000, 640_000, 1_280_000, 2_560_000, 5_120_000, 10_240_000,
        20_480_000, 40_960_000, 81_920_000,
    ])
    /// As they have them for `gen_ai.server.time_to_first_token`.
    package static let genAIFirstToken = seconds(microseconds: [
        1_000, 5_000, 10_000, 20_000, 40_000, 60_000, 80_000, 100_000, 250_000, 500_000, 750_000, 1_000_000,
        2_500_000, 5_000_000, 7_500_000, 10_000_000,
    ])
    /// As they have them for `gen_ai.client.token.usage`.
    package static let genAITokens = Buckets((0..<14).map { Int64(1) << (2 * $0) }, decimals: 0)
}
