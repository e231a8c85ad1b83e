import NIOCore

/// What a call waits for, and until when: one deadline of its phase, one over all.
struct CallDeadlines {
    enum Verdict: Hashable {
        case wait(NIODeadline)
        case over(CallMachine.Deadline)
    }

    private var kind: CallMachine.Deadline = .connect
    private var wait: TimeAmount = .zero
    private var total: NIODeadline = .distantFuture
    private var lastActivity: NIODeadline = .distantPast
    /// The upstream waits for us, not we for it.
    private var isHeldBack = false

    /// Starts the deadline that nothing moves.
    mutating func begin(totalSeconds: Double, now: NIODeadline) { total = now + .seconds(totalSeconds) }

    /// Starts the deadline of a phase. Returns when to look again.
    mutating func expect(_ kind: CallMachine.Deadline, within seconds: Double, now: NIODeadline) -> NIODeadline {
        self.kind = kind
        wait = .seconds(seconds)
        lastActivity = now
        return min(now + wait, total)
    }

    /// Bytes came: an idle deadline counts from here.
    mutating func sawActivity(now: NIODeadline) { lastActivity = now }

    /// We read no more, because the client takes no more: until ``readOn(now:)`` only the deadline over all counts.
    mutating func holdBack() { isHeldBack = true }

    /// We read again. Returns when to look again, where that has changed.
    mutating func readOn(now: NIODeadline) -> NIODeadline? {
        guard isHeldBack else { return nil }
        isHeldBack = false
        lastActivity = now
        return kind == .upstreamIdle ? min(now + wait, total) : nil
    }

    /// Judges a deadline that was looked at because it had passed.
    func passed(now: NIODeadline) -> Verdict {
        if total <= now { return .over(.total) }
        guard kind == .upstreamIdle else { return .over(kind) }
        if isHeldBack { return .wait(total) }
        return lastActivity + wait > now ? .wait(min(lastActivity + wait, total)) : .over(kind)
    }
}

extension TimeAmount {
    static func seconds(_ seconds: Double) -> TimeAmount { .nanoseconds(Int64(seconds * 1_000_000_000)) }
}
