@testable import Domain

/// What an admission must come to, by the rules read again: sums, sorting and trying, without an eye on speed.
struct Foretold {
    private struct Fit {
        let candidate: Candidate
        let room: Int64
        let grants: [(id: GrantID, available: Int64)]
        let expiry: Int64
    }

    private var whole: [Fit] = []
    private var clamped: [Fit] = []
    private var refusal = Refusal.insufficientQuota

    init(_ request: AdmissionRequest, in balances: Balances, grants: [Grant], now: Instant) {
        let key = request.hasSpendingLimit ? balances[request.call.keyID] : nil
        for candidate in request.candidates {
            let usable = grants.compactMap { balances[$0.id] }
                .filter { $0.groupID == candidate.groupID && $0.isActive && $0.startsAt <= now }
                .filter { $0.endsAt == nil || $0.endsAt! > now }
                .sorted { ($0.endsAt?.microseconds ?? .max, $0.id) < ($1.endsAt?.microseconds ?? .max, $1.id) }
            guard let first = usable.first else { continue }
            let available = usable.reduce(0) { $0 + $1.available.picoDollars }
            let reachable = usable.reduce(0) {
                $0 + $1.available.picoDollars + max(0, $1.held.picoDollars - $1.pendingClawback.picoDollars)
            }
            let keyAvailable = key?.available.picoDollars ?? .max
            let keyReachable =
                key.map { $0.available.picoDollars + max(0, $0.held.picoDollars - $0.pendingClawback.picoDollars) }
                ?? .max
            let quote = candidate.quote
            let bound = quote.fixed.picoDollars + quote.perOutputToken.picoDollars * quote.outputLimit
            let lowest = quote.fixed.picoDollars + quote.perOutputToken.picoDollars * quote.lowestOutputLimit
            let room = min(available, keyAvailable)
            if lowest <= room {
                let atRisk = bound == 0 ? first : usable.first { $0.available > .zero } ?? first
                let fit = Fit(
                    candidate: candidate,
                    room: room,
                    grants: usable.map { ($0.id, $0.available.picoDollars) },
                    expiry: atRisk.endsAt?.microseconds ?? .max
                )
                if bound <= room { whole.append(fit) } else { clamped.append(fit) }
            } else if lowest <= reachable {
                if lowest <= keyReachable {
                    refusal = .heldByRunningCalls
                } else if refusal != .heldByRunningCalls {
                    refusal = .keyLimitReached
                }
            }
        }
    }

    func check(_ admission: Admission, _ request: AdmissionRequest) throws {
        let fits = whole.isEmpty ? clamped : whole
        guard let soonest = fits.map(\.expiry).min(), let fit = fits.first(where: { $0.expiry == soonest }) else {
            try claim(admission == .refused(refusal), "\(admission) instead of \(refusal)")
            return
        }
        guard case .held(let hold) = admission else {
            throw BrokenBooks(description: "\(admission) although \(fit.room) is there")
        }
        let quote = fit.candidate.quote
        try claim(hold.groupID == fit.candidate.groupID, "group \(hold.groupID), not \(fit.candidate.groupID)")
        try claim(hold.multiplier == fit.candidate.multiplier, "another group's multiplier")
        var limit = quote.outputLimit
        while try quote.bound(outputLimit: limit).picoDollars > fit.room { limit -= 1 }
        try claim(hold.outputLimit == limit, "limit \(hold.outputLimit), not \(limit)")
        try claim(hold.isClamped == (limit < quote.outputLimit), "clamped is not said")
        var left = try quote.bound(outputLimit: limit).picoDollars
        try claim(hold.amount.picoDollars == left, "held \(hold.amount), not \(left)")
        var parts: [HoldPart] = []
        for grant in fit.grants where left > 0 && grant.available > 0 {
            parts.append(HoldPart(lane: .grant(grant.id), amount: Money(min(left, grant.available))))
            left -= min(left, grant.available)
        }
        if parts.isEmpty { parts = [HoldPart(lane: .grant(fit.grants[0].id), amount: .zero)] }
        if request.hasSpendingLimit {
            parts.append(HoldPart(lane: .key(request.call.keyID), amount: hold.amount))
        }
        try claim(hold.parts == parts, "held on \(text(hold.parts)), not \(text(parts))")
    }
}
