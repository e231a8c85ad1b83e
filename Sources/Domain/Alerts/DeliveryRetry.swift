/// When a delivery that failed is tried again, and when no more.
package enum DeliveryRetry {
    /// A delivery that was not taken by then has failed for good.
    package static let givesUpMicroseconds: Int64 = 24 * 3_600 * 1_000_000
    private static let firstMicroseconds: Int64 = 2_000_000
    private static let longestMicroseconds: Int64 = 3_600 * 1_000_000

    /// Twice as long after each attempt, up to an hour, shortened at random by up to a half: channels that failed together
    /// do not come back together.
    /// - Parameters:
    ///   - attempts: made so far.
    ///   - random: any.
    /// - Returns: nil where its time is over.
    package static func next(attempts: Int64, createdAt: Instant, now: Instant, random: UInt64) -> Instant? {
        let doublings = min(max(0, attempts - 1), 20)
        let pause = min(longestMicroseconds, firstMicroseconds << doublings)
        let next = now.microseconds + pause - Int64(random % UInt64(pause / 2 + 1))
        return next - createdAt.microseconds > givesUpMicroseconds ? nil : Instant(microseconds: next)
    }
}
