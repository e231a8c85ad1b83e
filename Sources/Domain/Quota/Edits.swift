/// Changes of a quota by an administrator or by time. Each gives the entry to be appended with its reason and actor.
extension Balances {
    /// Adds money to a running (or coming) grant; a pending clawback eats of it first.
    package mutating func topUp(_ id: GrantID, by amount: Money, now: Instant) throws(LedgerError) -> Entry {
        let slot = try editableSlot(id, now: now)
        guard amount > .zero else { throw .invalidAmount }
        guard amount <= Balance.largest, self[slot: slot].funded.saturatingAdding(amount) <= Balance.largest else {
            throw .overflow
        }
        try self[slot: slot].balance.fund(amount)
        return Entry(lane: .grant(id), kind: .topUp, amount: amount)
    }

    /// Takes what is available now and the rest as holds end; running holds may still capture.
    package mutating func reduce(_ id: GrantID, by amount: Money, now: Instant) throws(LedgerError) -> Entry {
        let slot = try editableSlot(id, now: now)
        guard amount > .zero, amount <= Balance.largest else { throw .invalidAmount }
        _ = try self[slot: slot].balance.clawBack(amount)
        return Entry(lane: .grant(id), kind: .reduction, amount: Money.zero.saturatingSubtracting(amount))
    }

    /// Posts a signed difference: a top-up above zero, a reduction below; nil for zero.
    package mutating func adjust(_ id: GrantID, by difference: Money, now: Instant) throws(LedgerError) -> Entry? {
        if difference == .zero { return nil }
        if difference > .zero { return try topUp(id, by: difference, now: now) }
        return try reduce(id, by: Money.zero.saturatingSubtracting(difference), now: now)
    }

    /// Forfeits what is left of a grant that has ended, and lets go of a clawback; nil if neither was there. Idempotent.
    /// - Throws: `LedgerError.notEnded` before its end.
    package mutating func expire(_ id: GrantID, now: Instant) throws(LedgerError) -> Entry? {
        guard let slot = slot(of: id) else { throw .unknownLane(.grant(id)) }
        guard self[slot: slot].hasEnded(at: now) else { throw .notEnded }
        return forfeit(slot, kind: .expiry)
    }

    /// Stops new holds and forfeits what is available; running holds may still capture. Idempotent.
    package mutating func deactivate(_ id: GrantID) throws(LedgerError) -> Entry? {
        guard let slot = slot(of: id) else { throw .unknownLane(.grant(id)) }
        self[slot: slot].isActive = false
        return forfeit(slot, kind: .deactivation)
    }

    /// Lets a grant be used again. What deactivation took stays forfeited; fund it anew.
    package mutating func activate(_ id: GrantID) throws(LedgerError) {
        guard let slot = slot(of: id) else { throw .unknownLane(.grant(id)) }
        self[slot: slot].isActive = true
    }

    /// Moves a grant's end, also to nil (never). An end that is not after `now` ends it here and forfeits what is left.
    /// - Throws: `LedgerError.ended` for a grant that has ended already: its money is forfeited, renew it instead.
    package mutating func reschedule(
        _ id: GrantID,
        endsAt: Instant?,
        now: Instant
    ) throws(LedgerError) -> Entry? {
        guard let slot = slot(of: id) else { throw .unknownLane(.grant(id)) }
        guard !self[slot: slot].hasEnded(at: now) else { throw .ended }
        setEnd(endsAt, ofSlot: slot)
        return self[slot: slot].hasEnded(at: now) ? forfeit(slot, kind: .expiry) : nil
    }

    /// Raises or lowers a key's spending limit; nil for zero. Lowering works as ``reduce(_:by:now:)``.
    package mutating func adjust(_ id: APIKeyID, by difference: Money) throws(LedgerError) -> Entry? {
        guard let slot = keySlot(of: id) else { throw .unknownLane(.key(id)) }
        if difference == .zero { return nil }
        if difference > .zero {
            guard self[keySlot: slot].funded.saturatingAdding(difference) <= Balance.largest else { throw .overflow }
            try self[keySlot: slot].balance.fund(difference)
            return Entry(lane: .key(id), kind: .topUp, amount: difference)
        }
        let amount = Money.zero.saturatingSubtracting(difference)
        guard amount <= Balance.largest else { throw .invalidAmount }
        _ = try self[keySlot: slot].balance.clawBack(amount)
        return Entry(lane: .key(id), kind: .reduction, amount: difference)
    }

    private func editableSlot(_ id: GrantID, now: Instant) throws(LedgerError) -> Int {
        guard let slot = slot(of: id) else { throw .unknownLane(.grant(id)) }
        guard !self[slot: slot].isOver(at: now) else { throw .ended }
        return slot
    }

    private mutating func forfeit(_ slot: Int, kind: EntryKind) -> Entry? {
        let amount = self[slot: slot].balance.forfeit()
        return amount == .zero ? nil : Entry(lane: .grant(self[slot: slot].id), kind: kind, amount: amount)
    }
}

extension Grant {
    /// The next period: starts where this one ends, with money of its own. Nothing of this one is carried over or reset.
    /// - Throws: `LedgerError.notEnded` if this one never ends or the new one would not end after it, `.ended` while inactive.
    package func renewal(id: GrantID, funded: Money, endsAt: Instant?) throws(LedgerError) -> Grant {
        guard isActive else { throw .ended }
        guard let start = self.endsAt else { throw .notEnded }
        if let endsAt, endsAt <= start { throw .notEnded }
        guard funded >= .zero else { throw .invalidAmount }
        guard funded <= Balance.largest, ordinal < .max else { throw .overflow }
        return Grant(
            id: id,
            quotaID: quotaID,
            userID: userID,
            groupID: groupID,
            ordinal: ordinal + 1,
            startsAt: start,
            endsAt: endsAt,
            isActive: isActive,
            balance: Balance(funded: funded)
        )
    }
}
