/// What one replica has in hand of a bucket that all share, and what it knows of the rest.
///
/// All hands together hold a twentieth of the limit at most, but for moments: that is how far replicas together can be wrong.
struct RateShare: Sendable {
    /// In all hands together: a part of the limit.
    private static let handsPart: Int64 = 20
    /// Below, nobody has anything in hand: each call is decided in the database.
    private static let small: Int64 = 100
    /// For as long calls to come are provided for.
    private static let provision: Int64 = 500_000_000
    /// What nobody has used for so long goes back.
    private static let keptNanoseconds: Int64 = 1_000_000_000
    /// An empty bucket is asked again after so long, whatever its wait: others may have given back.
    private static let quietNanoseconds: ClosedRange<Int64> = 100_000_000...1_000_000_000

    let measure: RateLimit.Measure
    /// A minute, or at a time.
    private(set) var limit: Int64
    /// Drawn and not used; negative: used and not drawn.
    private(set) var hand: Int64 = 0
    /// Of calls at a time: that run.
    private var running: Int64 = 0
    /// Calls that wait for a draw.
    var waiting = 0
    /// It is on the list for the next round.
    var isDue = false
    private(set) var isInRound = false
    /// Of calls at a time: more may be counted for this replica than it has.
    private var isUncertain = false

    /// What is left in the database, as far as this replica knows.
    private var rest: TokenBucket
    private var quietUntil: Uptime
    /// Refused when the bucket was last asked; nil: only the provision was.
    private var refusedNeed: Int64?

    private var drawnAt: Uptime
    private var spent: Int64 = 0
    private var usedAt: Uptime
    /// What is provided for: half of it is the sign to draw.
    private var provided: Int64 = 0
    /// What the round under way was asked for.
    private var asked: (needs: [Int64], total: Int64, owed: Int64) = ([], 0, 0)

    init(_ measure: RateLimit.Measure, limit: Int64, at now: Uptime) {
        self.measure = measure
        self.limit = limit
        rest = TokenBucket(perMinute: limit, at: now)
        quietUntil = now
        drawnAt = now
        usedAt = now
    }

    mutating func change(to limit: Int64, at now: Uptime) {
        self.limit = limit
        rest.limit(to: limit)
        quietUntil = now
    }

    func mostInHand(_ replicas: Int64) -> Int64 {
        limit < Self.small ? 0 : limit / (Self.handsPart * replicas)
    }

    // MARK: - Calls

    /// How long until there may be `need`; nil: it has to be asked for.
    func refusal(of need: Int64, at now: Uptime) -> Int64? {
        guard now < quietUntil else { return nil }
        if let refusedNeed, need >= refusedNeed { return toldWait(for: need, at: now) }
        return wait(for: need, at: now) > 0 ? toldWait(for: need, at: now) : nil
    }

    /// Nanoseconds after which asking again is worth it.
    func toldWait(for need: Int64, at now: Uptime) -> Int64 {
        max(wait(for: need, at: now), quietUntil.nanoseconds - now.nanoseconds, 1)
    }

    /// Nanoseconds, if nobody else draws. Who knows when a call ends: there is no longer wait than until one asks again.
    private func wait(for need: Int64, at now: Uptime) -> Int64 {
        guard measure != .calls else { return rest.level + hand < need ? 1 : 0 }
        var rest = rest
        rest.refill(at: now)
        return rest.wait(for: max(0, min(need, limit) - hand))
    }

    /// - Returns: whether the next round should bring more.
    mutating func take(_ count: Int64, at now: Uptime) -> Bool {
        hand -= count
        usedAt = now
        if measure == .calls { running += count } else { spent += count }
        return !isDue && !isInRound && provided > 0 && hand < provided / 2 && now >= quietUntil
    }

    /// A call at a time has ended.
    mutating func end(_ count: Int64) {
        running -= count
        hand += count
    }

    /// Puts right what a call took; negative: it used more.
    mutating func correct(by count: Int64) {
        let (sum, overflow) = hand.addingReportingOverflow(count)
        // More than the bucket would owe is not owed.
        hand = max(overflow ? .min : sum, -TokenBucket.longestDebtMinutes * limit)
    }

    /// All that is left, here and in the database.
    func whole(at now: Uptime) -> TokenBucket {
        var whole = rest
        whole.refill(at: now)
        if hand > 0 { whole.giveBack(hand) } else { whole.take(-hand) }
        return whole
    }

    // MARK: - Rounds

    /// There is something to give back or to make good.
    func isOff(_ replicas: Int64, at now: Uptime) -> Bool {
        guard !isDue, !isInRound else { return false }
        return hand < 0 || isUncertain || hand > mostInHand(replicas) || isForgotten(at: now)
    }

    private func isForgotten(at now: Uptime) -> Bool {
        hand > 0 && now.nanoseconds - usedAt.nanoseconds >= Self.keptNanoseconds
    }

    /// - Parameter needs: of the calls that wait, in their order.
    mutating func beginRound(_ bucket: RateBucket, needs: [Int64], replicas: Int64, at now: Uptime) -> RateDraw {
        let most = mostInHand(replicas)
        let wanted = needs.reduce(0, +)
        let elapsed = max(now.nanoseconds - drawnAt.nanoseconds, Self.provision / 10)
        let rate = measure == .calls ? 0 : Int128(spent + wanted) * Int128(Self.provision) / Int128(elapsed)
        provided = rate < Int128(most) ? Int64(rate) : most
        var correction: Int64 = 0
        if hand < 0 {
            correction = hand
        } else if needs.isEmpty {
            correction = isForgotten(at: now) ? hand : max(0, hand - most)
        }
        hand -= correction
        var left = hand
        let missing = needs.map { need in
            let covered = min(left, need)
            left -= covered
            return need - covered
        }
        // Who gives back wants no more.
        let spare = correction > 0 ? 0 : max(0, provided - left)
        asked = (needs, missing.reduce(0, +) + spare, min(0, correction))
        drawnAt = now
        spent = 0
        isDue = false
        isInRound = true
        return RateDraw(
            bucket: bucket,
            limit: limit,
            correction: correction,
            kept: running + hand,
            needs: missing,
            spare: spare
        )
    }

    mutating func endRound(_ grant: RateGrant, at now: Uptime) {
        isInRound = false
        isUncertain = false
        hand += grant.granted
        rest = TokenBucket(perMinute: limit, level: min(grant.level, limit), refilledAt: now)
        guard grant.granted < asked.total else { return quietUntil = now }
        // Whoever is refused is told by what there is now; the least of them tells what else is refused unasked.
        var left = hand
        refusedNeed = nil
        for need in asked.needs {
            if need <= left { left -= need } else { refusedNeed = min(need, refusedNeed ?? need) }
        }
        let pause = wait(for: refusedNeed ?? hand + 1, at: now)
        let quiet = min(max(pause, Self.quietNanoseconds.lowerBound), Self.quietNanoseconds.upperBound)
        quietUntil = Uptime(nanoseconds: now.nanoseconds + quiet)
    }

    /// What was given back is lost, what was owed stays owed: nobody gets more than there is.
    mutating func failRound() {
        guard isInRound else { return }
        isInRound = false
        if measure == .calls { isUncertain = true } else { correct(by: asked.owed) }
    }

    /// Nothing of it has to be told.
    var isSettled: Bool { hand == 0 && !isUncertain && !isInRound }

    func isIdle(at now: Uptime) -> Bool { isSettled && running == 0 && waiting == 0 && !isDue && now >= quietUntil }
}
