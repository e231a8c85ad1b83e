/// What one measure of one key, user or model is counted in.
package struct RateBucket: Hashable, Sendable {
    package let subject: RateSubject
    /// Requests or tokens.
    package let measure: RateLimit.Measure

    package init(subject: RateSubject, measure: RateLimit.Measure) {
        self.subject = subject
        self.measure = measure
    }

    /// One for each bucket; whoever locks many locks them in this order.
    package var number: Int64 {
        let (id, kind): (Int64, Int64) =
            switch subject {
            case .key(let id): (id.rawValue, 0)
            case .user(let id): (id.rawValue, 1)
            case .model(let id): (id.rawValue, 2)
            }
        let what: Int64 =
            switch measure {
            case .requests: 0
            case .tokens: 1
            case .calls: 2
            }
        return id &* 9 &+ kind &* 3 &+ what
    }
}

/// What a replica asks of a bucket that all replicas share.
package struct RateDraw: Hashable, Sendable {
    package let bucket: RateBucket
    package let perMinute: Int64
    /// Drawn before and not needed; negative: used without having been drawn. Comes first.
    package let correction: Int64
    /// Of the calls that wait, in their order: each is given whole or not at all.
    package let needs: [Int64]
    /// To be had in hand for calls to come, where all that wait have got theirs.
    package let spare: Int64

    package init(bucket: RateBucket, perMinute: Int64, correction: Int64 = 0, needs: [Int64] = [], spare: Int64 = 0) {
        self.bucket = bucket
        self.perMinute = perMinute
        self.correction = correction
        self.needs = needs
        self.spare = spare
    }
}

package struct RateGrant: Hashable, Sendable {
    package let granted: Int64
    /// What is left for everybody.
    package let level: Int64

    package init(granted: Int64, level: Int64) {
        self.granted = granted
        self.level = level
    }
}

package struct RateAnswer: Hashable, Sendable {
    /// One for each draw, in their order.
    package let grants: [RateGrant]
    /// Living replicas, this one among them.
    package let replicas: Int64

    package init(grants: [RateGrant], replicas: Int64) {
        self.grants = grants
        self.replicas = replicas
    }
}

/// Where rates are counted for all replicas.
package protocol RateCounter: Sendable {
    /// Draws from all buckets at once, each of them named once; returns at once, and answers on a thread of its own: with nil where
    /// nothing can be had. What became of draws without an answer is not known.
    func draw(_ draws: [RateDraw], then: @escaping @Sendable (RateAnswer?) -> Void)
}

extension TokenBucket {
    /// One replica's draw from the bucket of all.
    package mutating func draw(_ draw: RateDraw, at now: Uptime) -> RateGrant {
        rewind(to: now)
        refill(at: now)
        limit(to: draw.perMinute)
        if draw.correction > 0 { giveBack(draw.correction) } else { take(-draw.correction) }
        var granted: Int64 = 0
        var isShort = false
        for need in draw.needs {
            if need <= level - granted { granted += need } else { isShort = true }
        }
        if !isShort { granted += max(0, min(draw.spare, level - granted)) }
        take(granted)
        return RateGrant(granted: granted, level: level)
    }
}
