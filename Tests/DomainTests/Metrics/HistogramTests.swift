import Domain
import Testing

@Suite("what metrics are made of") struct HistogramTests {
    @Test(
        "a figure is written exactly",
        arguments: [
            (MetricNumber(0), "0"), (MetricNumber(-3), "-3"), (MetricNumber(true), "1"),
            (MetricNumber(UInt64.max), "18446744073709551615"),
            (.seconds(nanoseconds: 1_500_000_000), "1.5"), (.seconds(nanoseconds: 1), "0.000000001"),
            (.seconds(microseconds: 60_000_000), "60"), (.dollars(picos: 1), "0.000000000001"),
            (.dollars(picos: Int128(Int64.max) * 1_000), "9223372036.854775807"),
        ]
    )
    func numbers(number: MetricNumber, text: String) { #expect("\(number)" == text) }

    @Test("what is at a bound is under it, what is above the last one is counted with all, nothing traps")
    func observes() {
        var histogram = Histogram(Buckets([1, 4, 16], decimals: 0))
        for value in [-5, 0, 1, 2, 4, 5, 16, 17, Int64.max, Int64.min] { histogram.observe(value) }
        #expect(histogram.cumulative.atMost == [4, 6, 8] && histogram.cumulative.all == 10)
        #expect(histogram.sum == -5 + 0 + 1 + 2 + 4 + 5 + 16 + 17 - 1)
        var other = Histogram(Buckets([1, 4, 16], decimals: 0))
        other.observe(3)
        other.add(histogram)
        #expect(other.cumulative.atMost == [4, 7, 9] && other.cumulative.all == 11)
    }

    @Test(
        "buckets are ascending and reach what they are for",
        arguments: [
            (Buckets.call, Int64(900_000_000_000)), (.overhead, 100_000_000), (.genAIDuration, 81_920_000_000),
            (.genAIFirstToken, 10_000_000_000), (.genAITokens, 67_108_864),
        ]
    )
    func bounds(buckets: Buckets, last: Int64) {
        #expect(buckets.bounds.last == last && zip(buckets.bounds, buckets.bounds.dropFirst()).allSatisfy(<))
    }
}
