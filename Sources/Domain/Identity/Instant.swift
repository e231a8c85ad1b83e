/// A point in time: microseconds since 1970 UTC. Domain never asks for it; callers pass it in.
package struct Instant: Hashable, Comparable, Sendable {
    package let microseconds: Int64

    @inlinable
    package init(microseconds: Int64) { self.microseconds = microseconds }

    @inlinable
    package static func < (left: Instant, right: Instant) -> Bool { left.microseconds < right.microseconds }
}
