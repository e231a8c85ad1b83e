extension Balances {
    /// Decides one call and holds its money. Only `.held` changes anything.
    ///
    /// A candidate fits if its bound is available on the user's usable grants of its group together, and on the key's own
    /// limit if it has one. Of those that fit, the one is chosen whose money expires first; of equals the earlier one.
    /// If none fits whole, the output limit is lowered to the most that fits, as far as the quote allows.
    package mutating func admit(_ request: AdmissionRequest, now: Instant) -> Admission {
        var keySlot: Int?
        var keyAvailable = Int128.max
        var keyReachable = Int128.max
        if request.hasSpendingLimit {
            // A limit that cannot be read is not a missing limit.
            guard let slot = self.keySlot(of: request.call.keyID) else { return .refused(.keyLimitReached) }
            keySlot = slot
            keyAvailable = Int128(self[keySlot: slot].available.picoDollars)
            keyReachable = self[keySlot: slot].balance.reachable
        }

        var whole: Choice?
        var clamped: Choice?
        var waitingHelps = false
        var onlyKeyIsShort = false
        for candidate in request.candidates {
            guard let bounds = Bounds(candidate.quote),
                let funds = funds(of: request.call.userID, in: candidate.groupID, now: now)
            else { continue }
            guard bounds.lowest <= funds.available, bounds.lowest <= keyAvailable else {
                if bounds.lowest <= funds.reachable {
                    if bounds.lowest <= keyReachable { waitingHelps = true } else { onlyKeyIsShort = true }
                }
                continue
            }
            let room = min(funds.available, keyAvailable)
            if bounds.whole <= room {
                let choice = Choice(
                    candidate: candidate,
                    amount: bounds.whole,
                    outputLimit: candidate.quote.outputLimit,
                    expiry: bounds.whole > 0 ? funds.fundedExpiry : funds.firstExpiry
                )
                if choice.isBetter(than: whole) { whole = choice }
            } else if whole == nil {
                // The whole does not fit but the lowest does, so a token of output costs something.
                let perToken = Int128(candidate.quote.perOutputToken.picoDollars)
                let fixed = Int128(candidate.quote.fixed.picoDollars)
                guard let limit = Int64(exactly: (room - fixed) / perToken) else { continue }
                let choice = Choice(
                    candidate: candidate,
                    amount: fixed + perToken * Int128(limit),
                    outputLimit: limit,
                    expiry: funds.fundedExpiry
                )
                if choice.isBetter(than: clamped) { clamped = choice }
            }
        }
        guard let choice = whole ?? clamped, let amount = Int64(exactly: choice.amount) else {
            if waitingHelps { return .refused(.heldByRunningCalls) }
            return .refused(onlyKeyIsShort ? .keyLimitReached : .insufficientQuota)
        }
        return .held(place(choice, amount: Money(picoDollars: amount), request: request, keySlot: keySlot, now: now))
    }

    /// Takes the amount from the usable grants, soonest expiry first, and from the key's limit.
    private mutating func place(
        _ choice: Choice,
        amount: Money,
        request: AdmissionRequest,
        keySlot: Int?,
        now: Instant
    ) -> Hold {
        var parts: [HoldPart] = []
        parts.reserveCapacity(keySlot == nil ? 1 : 2)
        var left = amount.picoDollars
        var slot = firstSlot(of: request.call.userID, in: choice.candidate.groupID)
        while slot >= 0 {
            defer { slot = self.slot(after: slot) }
            guard self[slot: slot].isUsable(at: now) else { continue }
            let part = Money(picoDollars: min(left, self[slot: slot].available.picoDollars))
            // A call that costs nothing still gets a lane, so that its row says whose quota let it in.
            guard part > .zero || amount == .zero else { continue }
            self[slot: slot].balance.hold(part)
            parts.append(HoldPart(lane: .grant(self[slot: slot].id), amount: part))
            left -= part.picoDollars
            if left == 0 { break }
        }
        precondition(left == 0, "admitted beyond what is available")
        if let keySlot {
            self[keySlot: keySlot].balance.hold(amount)
            parts.append(HoldPart(lane: .key(request.call.keyID), amount: amount))
        }
        return Hold(
            groupID: choice.candidate.groupID,
            multiplier: choice.candidate.multiplier,
            amount: amount,
            outputLimit: choice.outputLimit,
            isClamped: choice.outputLimit < choice.candidate.quote.outputLimit,
            parts: parts
        )
    }

    /// What a user's usable grants of a group have together; nil if there is none.
    private func funds(of userID: UserID, in groupID: ModelGroupID, now: Instant) -> Funds? {
        var funds: Funds?
        var slot = firstSlot(of: userID, in: groupID)
        while slot >= 0 {
            defer { slot = self.slot(after: slot) }
            guard self[slot: slot].isUsable(at: now) else { continue }
            let available = self[slot: slot].available.picoDollars
            let expiry = self[slot: slot].expiryOrder
            var sum = funds ?? Funds(firstExpiry: expiry)
            if available > 0, sum.available == 0 { sum.fundedExpiry = expiry }
            sum.available += Int128(available)
            sum.reachable += self[slot: slot].balance.reachable
            funds = sum
        }
        return funds
    }
}

private struct Funds {
    var available: Int128 = 0
    /// What would be available if all running holds came back.
    var reachable: Int128 = 0
    /// When the first usable grant ends.
    let firstExpiry: Int64
    /// When the first one ends that has money left: the money of an empty grant is not at risk.
    var fundedExpiry: Int64 = .max

    init(firstExpiry: Int64) { self.firstExpiry = firstExpiry }
}

private struct Bounds {
    let whole: Int128
    let lowest: Int128

    /// Nil for a quote that makes no sense; products of two `Int64` and a sum always fit.
    init?(_ quote: Quote) {
        guard quote.fixed >= .zero, quote.perOutputToken >= .zero, quote.outputLimit >= 0 else { return nil }
        let fixed = Int128(quote.fixed.picoDollars)
        let perToken = Int128(quote.perOutputToken.picoDollars)
        whole = fixed + perToken * Int128(quote.outputLimit)
        lowest = fixed + perToken * Int128(max(0, min(quote.lowestOutputLimit, quote.outputLimit)))
    }
}

private struct Choice {
    let candidate: Candidate
    let amount: Int128
    let outputLimit: Int64
    let expiry: Int64

    func isBetter(than other: Choice?) -> Bool {
        guard let other else { return true }
        return expiry < other.expiry
    }
}
