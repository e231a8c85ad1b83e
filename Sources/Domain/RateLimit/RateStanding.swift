/// What a client is told of its limits: of those that bound a call the one with the least left.
package struct RateStanding: Hashable, Sendable {
    package struct Line: Hashable, Sendable {
        package let limit: Int64
        package let remaining: Int64
        /// Until all of it is there again.
        package let resetNanoseconds: Int64

        package init(limit: Int64, remaining: Int64, resetNanoseconds: Int64) {
            self.limit = limit
            self.remaining = remaining
            self.resetNanoseconds = resetNanoseconds
        }

        init(_ bucket: TokenBucket) {
            self.init(
                limit: bucket.perMinute,
                remaining: max(0, bucket.level),
                resetNanoseconds: bucket.wait(for: bucket.perMinute)
            )
        }
    }

    package private(set) var requests: Line?
    package private(set) var tokens: Line?

    package init(requests: Line? = nil, tokens: Line? = nil) {
        self.requests = requests
        self.tokens = tokens
    }

    mutating func narrow(requests: TokenBucket?, tokens: TokenBucket?) {
        self.requests = Self.lesser(self.requests, requests)
        self.tokens = Self.lesser(self.tokens, tokens)
    }

    private static func lesser(_ line: Line?, _ bucket: TokenBucket?) -> Line? {
        guard let bucket else { return line }
        let other = Line(bucket)
        guard let line else { return other }
        return other.remaining < line.remaining ? other : line
    }
}
