/// Holds a minute's worth at most and is refilled evenly. Exact: what is not yet a whole one is carried on.
package struct TokenBucket: Hashable, Sendable {
    private static let minute: Int64 = 60_000_000_000
    /// What was used beyond the reservation is owed, but nobody waits longer than this for a bucket that is not empty.
    static let longestDebtMinutes: Int64 = 60
    /// A clock is back by more than this: it was set.
    private static let clockSlack: Int64 = 1_000_000_000
    /// By then the deepest debt is paid and the bucket full.
    private static let longestPause = (longestDebtMinutes + 1) * minute

    package private(set) var perMinute: Int64
    /// Negative while something is owed.
    package private(set) var level: Int64
    /// What is there beside `level`, in parts of one: a minute's nanoseconds make a whole.
    package private(set) var carry: Int64 = 0
    package private(set) var refilledAt: Uptime

    /// A full one. `perMinute` has to lie in ``RateLimit/range``.
    package init(perMinute: Int64, at now: Uptime) {
        self.perMinute = perMinute
        level = perMinute
        refilledAt = now
    }

    /// As it was kept somewhere else.
    package init(perMinute: Int64, level: Int64, carry: Int64 = 0, refilledAt: Uptime) {
        self.perMinute = perMinute
        self.level = min(level, perMinute)
        self.carry = level < perMinute ? carry : 0
        self.refilledAt = refilledAt
    }

    package var isFull: Bool { level == perMinute }

    package mutating func refill(at now: Uptime) {
        // Event loops read the clock before they take the lock, so a later one may come first.
        guard now > refilledAt else { return }
        let (elapsed, overflow) = now.nanoseconds.subtractingReportingOverflow(refilledAt.nanoseconds)
        refilledAt = now
        guard !isFull else { return }
        let pause = overflow ? Self.longestPause : min(elapsed, Self.longestPause)
        let (whole, rest) = (UInt128(perMinute) * UInt128(pause) + UInt128(carry)).quotientAndRemainder(
            dividingBy: UInt128(Self.minute)
        )
        level = min(perMinute, level + Int64(whole))
        carry = isFull ? 0 : Int64(rest)
    }

    /// Takes `count`, whether there is as much or not.
    package mutating func take(_ count: Int64) {
        let (left, overflow) = level.subtractingReportingOverflow(count)
        level = overflow ? deepestDebt : max(left, deepestDebt)
    }

    package mutating func giveBack(_ count: Int64) {
        level = min(perMinute, level + min(count, perMinute - level))
        if isFull { carry = 0 }
    }

    /// Nanoseconds until there are `count`, at most ``perMinute``; 0 if there are.
    package func wait(for count: Int64) -> Int64 {
        guard count > level else { return 0 }
        let missing = UInt128(count - level) * UInt128(Self.minute) - UInt128(carry)
        return Int64((missing + UInt128(perMinute) - 1) / UInt128(perMinute))
    }

    /// Another limit. What is there stays, as far as it fits; a full one stays full.
    package mutating func change(to perMinute: Int64) {
        let wasFull = isFull
        limit(to: perMinute)
        if wasFull {
            level = perMinute
            carry = 0
        }
    }

    /// Another limit. What is there stays, as far as it fits: nothing is gained by turning to and fro.
    mutating func limit(to perMinute: Int64) {
        guard perMinute != self.perMinute else { return }
        self.perMinute = perMinute
        level = max(min(level, perMinute), deepestDebt)
        if isFull { carry = 0 }
    }

    /// Of a clock that was set back, what was before does not count; between two readers that is a matter of moments.
    mutating func rewind(to now: Uptime) {
        if refilledAt.nanoseconds - now.nanoseconds > Self.clockSlack { refilledAt = now }
    }

    private var deepestDebt: Int64 { -Self.longestDebtMinutes * perMinute }
}
