import Testing

@testable import Domain

@Suite("token buckets") struct TokenBucketTests {
    private static let second: Int64 = 1_000_000_000

    private func at(_ seconds: Int64) -> Uptime { Uptime(nanoseconds: seconds * Self.second) }

    @Test("a minute's worth is there at once, then it comes evenly")
    func evenly() {
        var bucket = TokenBucket(perMinute: 60, at: at(0))
        bucket.take(60)
        #expect(bucket.level == 0 && bucket.wait(for: 1) == Self.second && bucket.wait(for: 60) == 60 * Self.second)
        bucket.refill(at: at(1))
        #expect(bucket.level == 1 && bucket.wait(for: 1) == 0)
        bucket.refill(at: at(31))
        #expect(bucket.level == 31)
        bucket.refill(at: at(1_000))
        #expect(bucket.isFull && bucket.level == 60)
    }

    @Test("nothing is lost by looking often: sevenths of a second add up")
    func exact() {
        var often = TokenBucket(perMinute: 7, at: at(0))
        var once = often
        often.take(7)
        once.take(7)
        for step in 1...59_000 { often.refill(at: Uptime(nanoseconds: Int64(step) * 1_000_003)) }
        once.refill(at: Uptime(nanoseconds: 59_000 * 1_000_003))
        #expect(often.level == once.level && often.wait(for: 7) == once.wait(for: 7))
    }

    @Test(
        "the wait is exact: one nanosecond earlier it is not there yet",
        arguments: [1, 3, 7, 59, 1_000, 999_999_937]
    )
    func wait(perMinute: Int64) {
        var bucket = TokenBucket(perMinute: perMinute, at: at(5))
        bucket.take(perMinute)
        let wait = bucket.wait(for: 1)
        var early = bucket
        early.refill(at: Uptime(nanoseconds: at(5).nanoseconds + wait - 1))
        bucket.refill(at: Uptime(nanoseconds: at(5).nanoseconds + wait))
        #expect(early.level == 0 && bucket.level >= 1)
    }

    @Test("a clock that goes back refills nothing and takes nothing")
    func back() {
        var bucket = TokenBucket(perMinute: 60, at: at(100))
        bucket.take(60)
        bucket.refill(at: at(50))
        #expect(bucket.level == 0)
        bucket.refill(at: at(101))
        #expect(bucket.level == 1)
    }

    @Test("a debt is at most an hour's, and then paid")
    func debt() {
        var bucket = TokenBucket(perMinute: 1_000, at: at(0))
        bucket.take(.max)
        bucket.take(.max)
        #expect(bucket.level == -60_000 && bucket.wait(for: 1) == 3_600 * Self.second + 60_000_000)
        bucket.refill(at: at(3_600))
        #expect(bucket.level == 0)
    }

    @Test("the largest limit over the longest time overflows nothing")
    func largest() {
        var bucket = TokenBucket(perMinute: RateLimit.range.upperBound, at: Uptime(nanoseconds: .min))
        bucket.take(.max)
        #expect(bucket.wait(for: bucket.perMinute) > 0)
        bucket.giveBack(.max)
        #expect(bucket.isFull)
        bucket.take(.max)
        bucket.refill(at: Uptime(nanoseconds: .max))
        #expect(bucket.isFull)
        bucket.change(to: 1)
        #expect(bucket.level == 1)
    }

    @Test("another limit leaves what is there, as far as it fits; a full one stays full")
    func change() {
        var full = TokenBucket(perMinute: 10, at: at(0))
        full.change(to: 100)
        #expect(full.isFull && full.perMinute == 100)
        var used = TokenBucket(perMinute: 100, at: at(0))
        used.take(60)
        used.change(to: 1_000)
        #expect(used.level == 40)
        used.change(to: 10)
        #expect(used.level == 10)
        used.take(.max)
        used.change(to: 1)
        #expect(used.level == -60)
    }
}
