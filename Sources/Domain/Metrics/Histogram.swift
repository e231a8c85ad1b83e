/// Counts of observations under fixed bounds, with their sum. Observing takes some ten nanoseconds and no memory.
package struct Histogram: Sendable {
    package let buckets: Buckets
    private var counts = InlineArray<17, Int64>(repeating: 0)
    package private(set) var sum: Int128 = 0

    package init(_ buckets: Buckets) { self.buckets = buckets }

    package mutating func observe(_ value: Int64) {
        var index = 0
        while index < buckets.bounds.count, value > buckets.bounds[index] { index += 1 }
        counts[index] &+= 1
        sum &+= Int128(value)
    }

    /// Adds what another one has counted under the same bounds.
    package mutating func add(_ other: Histogram) {
        for index in counts.indices { counts[index] &+= other.counts[index] }
        sum &+= other.sum
    }

    /// How many were at most each bound, and how many there were.
    package var cumulative: (atMost: [Int64], all: Int64) {
        var atMost: [Int64] = []
        var all: Int64 = 0
        for index in buckets.bounds.indices {
            all &+= counts[index]
            atMost.append(all)
        }
        return (atMost, all &+ counts[buckets.bounds.count])
    }
}
