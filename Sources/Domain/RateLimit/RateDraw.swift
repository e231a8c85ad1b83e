/// What one measure of one key, user or model is counted in.
package struct RateBucket: Hashable, Sendable {
    package let subject: RateSubject
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
    /// A minute, or at a time.
    package let limit: Int64
    /// Drawn before and not needed; negative: used without having been drawn. Comes first.
    package let correction: Int64
    /// Of calls at a time: what this replica goes on having, running calls and what is in hand, whatever it had drawn before.
    package let kept: Int64
    /// Of the calls that wait, in their order: each is given whole or not at all.
    package let needs: [Int64]
    /// To be had in hand for calls to come, where all that wait have got theirs.
    package let spare: Int64

    package init(
        bucket: RateBucket,
        limit: Int64,
        correction: Int64 = 0,
        kept: Int64 = 0,
        needs: [Int64] = [],
        spare: Int64 = 0
    ) {
        self.bucket = bucket
        self.limit = limit
        self.correction = correction
        self.kept = kept
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
        limit(to: draw.limit)
        if draw.correction > 0 { giveBack(draw.correction) } else { take(-draw.correction) }
        let granted = draw.granted(of: level)
        take(granted)
        return RateGrant(granted: granted, level: level)
    }
}

extension RateDraw {
    /// Of what there is.
    fileprivate func granted(of level: Int64) -> Int64 {
        var granted: Int64 = 0
        var isShort = false
        for need in needs {
            if need <= level - granted { granted += need } else { isShort = true }
        }
        return isShort ? granted : granted + max(0, min(spare, level - granted))
    }

    /// Of calls at a time, where other replicas have so many.
    package func grant(besides others: Int64) -> RateGrant {
        let level = limit - others - kept
        let granted = granted(of: level)
        return RateGrant(granted: granted, level: level - granted)
    }
}
