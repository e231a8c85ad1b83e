/// Counts what limited keys, users and models use: one decision a call, over all that bounds it, pure and without a clock.
///
/// What is idle and full again is forgotten as newcomers come.
package struct RateLimiter: Sendable {
    /// What a call would use.
    package struct Demand: Hashable, Sendable {
        package let inputTokens: Int64
        package let outputTokens: Int64

        package init(inputTokens: Int64, outputTokens: Int64) {
            self.inputTokens = max(0, inputTokens)
            self.outputTokens = max(0, outputTokens)
        }

        var tokens: Int64 {
            let (sum, overflow) = inputTokens.addingReportingOverflow(outputTokens)
            return overflow ? .max : sum
        }
    }

    /// What a call has taken; given back once, at its end.
    package struct Lease: Hashable, Sendable {
        fileprivate struct Part: Hashable, Sendable {
            let place: Int
            /// Reserved; nil where tokens were not limited.
            let tokens: Int64?
        }

        fileprivate var parts: [Part] = []
    }

    package enum Decision: Hashable, Sendable {
        case taken(Lease, RateStanding)
        /// Nothing was taken.
        case refused(RateRefusal, RateStanding)
        /// More is limited at a time than can be counted.
        case crowded
    }

    private struct Entry: Sendable {
        let subject: RateSubject
        var requests: TokenBucket?
        var tokens: TokenBucket?
        var mostCalls: Int64?
        /// Counted whether limited or not: the place is kept while one runs.
        var runningCalls: Int64 = 0

        mutating func bring(to limit: RateLimit, at now: Uptime) {
            Self.bring(&requests, to: limit[.requests], at: now)
            Self.bring(&tokens, to: limit[.tokens], at: now)
            mostCalls = limit[.calls]
        }

        private static func bring(_ bucket: inout TokenBucket?, to perMinute: Int64?, at now: Uptime) {
            guard let perMinute else { return bucket = nil }
            guard bucket != nil else { return bucket = TokenBucket(perMinute: perMinute, at: now) }
            bucket?.refill(at: now)
            if bucket?.perMinute != perMinute { bucket?.change(to: perMinute) }
        }

        mutating func isIdle(at now: Uptime) -> Bool {
            guard runningCalls == 0 else { return false }
            requests?.refill(at: now)
            tokens?.refill(at: now)
            return requests?.isFull != false && tokens?.isFull != false
        }

        func refusal(of demand: Demand) -> RateRefusal? {
            func refusal(_ measure: RateLimit.Measure, _ limit: Int64, _ wait: RateRefusal.Wait) -> RateRefusal {
                RateRefusal(subject: subject, measure: measure, limit: limit, wait: wait)
            }
            var worst: RateRefusal?
            if let mostCalls, runningCalls > mostCalls { worst = refusal(.calls, mostCalls, .unknown) }
            if let requests, requests.level < 1 {
                worst = refusal(.requests, requests.perMinute, .nanoseconds(requests.wait(for: 1))).longer(than: worst)
            }
            if let tokens {
                let needed = min(demand.tokens, tokens.perMinute)
                if demand.inputTokens > tokens.perMinute {
                    return refusal(.tokens, tokens.perMinute, .endless)
                } else if tokens.level < needed {
                    worst = refusal(.tokens, tokens.perMinute, .nanoseconds(tokens.wait(for: needed)))
                        .longer(than: worst)
                }
            }
            return worst
        }
    }

    /// About 12 MB of them.
    package static let usualCapacity = 100_000
    private var places: RatePlaces<Entry>

    package init(capacity: Int = usualCapacity) { places = RatePlaces(capacity: capacity) }

    /// How many keys, users and models it remembers.
    package var count: Int { places.count }

    /// Takes a request, the tokens and a running call of everything that bounds the call, or nothing of any.
    ///
    /// More tokens than a minute has are taken for a minute's: a long answer passes once nothing else has been used, and
    /// what it really took is owed afterwards.
    package mutating func take(
        _ demand: Demand,
        of limits: [(subject: RateSubject, limit: RateLimit)],
        at now: Uptime
    ) -> Decision {
        var lease = Lease()
        lease.parts.reserveCapacity(limits.count)
        var refusal: RateRefusal?
        for (subject, limit) in limits {
            guard
                let place = places.place(of: subject, or: Entry(subject: subject), isIdle: { $0.isIdle(at: now) })
            else {
                leave(lease)
                return .crowded
            }
            places[place].bring(to: limit, at: now)
            // From here on the place is ours, even if the next one makes room for itself.
            places[place].runningCalls += 1
            let tokens = places[place].tokens.map { min(demand.tokens, $0.perMinute) }
            lease.parts.append(.init(place: place, tokens: tokens))
            refusal = places[place].refusal(of: demand)?.longer(than: refusal) ?? refusal
        }
        if refusal == nil {
            for part in lease.parts {
                places[part.place].requests?.take(1)
                if let tokens = part.tokens { places[part.place].tokens?.take(tokens) }
            }
        }
        var standing = RateStanding()
        for part in lease.parts {
            let entry = places[part.place]
            standing.narrow(requests: entry.requests, tokens: entry.tokens)
        }
        guard let refusal else { return .taken(lease, standing) }
        leave(lease)
        return .refused(refusal, standing)
    }

    /// Ends a call: the request stays counted, of the tokens those that were used.
    package mutating func giveBack(_ lease: Lease, usedTokens: Int64, at now: Uptime) {
        for part in lease.parts {
            guard let reserved = part.tokens else { continue }
            places[part.place].tokens?.refill(at: now)
            if usedTokens < reserved {
                places[part.place].tokens?.giveBack(reserved - max(0, usedTokens))
            } else {
                places[part.place].tokens?.take(usedTokens - reserved)
            }
        }
        leave(lease)
    }

    private mutating func leave(_ lease: Lease) {
        for part in lease.parts { places[part.place].runningCalls -= 1 }
    }
}
