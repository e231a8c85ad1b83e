import NIOCore

/// What a call waits for, and until when: one deadline of its phase, one over all.
struct CallDeadlines {
    enum Verdict {
        case wait(NIODeadline)
        case over(CallMachine.Deadline)
    }

    private var kind: CallMachine.Deadline = .connect
    private var wait: TimeAmount = .zero
    private var phase: NIODeadline = .distantFuture
    private var total: NIODeadline = .distantFuture
    private var lastActivity: NIODeadline = .distantPast

    /// Starts the deadline that nothing moves.
    mutating func begin(totalSeconds: Double) { total = .now() + .seconds(totalSeconds) }

    /// Starts the deadline of a phase. Returns when to look again.
    mutating func expect(_ kind: CallMachine.Deadline, within seconds: Double) -> NIODeadline {
        self.kind = kind
        wait = .seconds(seconds)
        lastActivity = .now()
        phase = lastActivity + wait
        return min(phase, total)
    }

    /// Bytes came: an idle deadline counts from here.
    mutating func sawActivity() { lastActivity = .now() }

    /// Judges a deadline that was looked at because it had passed.
    func passed(now: NIODeadline) -> Verdict {
        if total <= now { return .over(.total) }
        if kind == .upstreamIdle, lastActivity + wait > now { return .wait(min(lastActivity + wait, total)) }
        return .over(kind)
    }
}

extension TimeAmount {
    static func seconds(_ seconds: Double) -> TimeAmount { .nanoseconds(Int64(seconds * 1_000_000_000)) }
}
