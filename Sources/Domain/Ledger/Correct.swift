/// Changes of what a closed call was charged: each moves the difference, and says so in entries.
extension Balances {
    /// Gives part of a closed call's charge back.
    /// - Throws: `LedgerError.exceedsCaptured` beyond what the call was charged in all, `.invalidAmount` unless positive.
    package mutating func refund(
        _ amount: Money,
        of row: LockedCall,
        now: Instant
    ) throws(LedgerError) -> [Entry] {
        guard amount > .zero else { throw .invalidAmount }
        guard !row.isOpen, amount <= row.netCharge else { throw .exceedsCaptured }
        return try giveBack(amount, of: row, kind: .refund, now: now)
    }

    /// A settlement after a policy: moves the difference. What was refunded meanwhile stays refunded.
    mutating func correct(
        _ row: LockedCall,
        state: CallState,
        charge: Money,
        excess: Money,
        flags: BillFlags,
        now: Instant
    ) throws(LedgerError) -> Closing {
        let net = row.netCharge
        var flags = flags.union(.corrected)
        var excess = excess
        let entries: [Entry]
        let delta: Money
        if charge <= row.charge {
            let back = min(row.charge.saturatingSubtracting(charge), net)
            entries = back > .zero ? try giveBack(back, of: row, kind: .correction, now: now) : []
            delta = Money.zero.saturatingSubtracting(back)
        } else {
            let more = charge.saturatingSubtracting(row.charge)
            entries = takeMore(more, for: row, now: now)
            delta = entries.reduce(.zero) { sum, entry in
                if case .grant = entry.lane { sum.saturatingAdding(entry.amount) } else { sum }
            }
            if delta < more {
                excess = excess.saturatingAdding(more.saturatingSubtracting(delta))
                flags.insert(.unfunded)
            }
        }
        return Closing(
            action: .correct,
            state: state,
            charge: net.saturatingAdding(delta),
            chargeDelta: delta,
            excess: excess,
            flags: flags,
            parts: row.parts,
            entries: entries
        )
    }

    /// captured → back on every lane, last filled first. What an ended grant gets back is forfeited there and funded on its
    /// quota's current grant, if there is one.
    private mutating func giveBack(
        _ amount: Money,
        of row: LockedCall,
        kind: EntryKind,
        now: Instant
    ) throws(LedgerError) -> [Entry] {
        _ = try row.parts.heldAmount(of: row.id)
        let net = row.netCharge
        let rest = net.saturatingSubtracting(amount)
        var entries: [Entry] = []
        var before = net
        var after = rest
        for part in row.parts {
            let share: Money
            let captured: Money?
            switch part.lane {
            case .grant(let id):
                let filledBefore = min(before, part.amount)
                let filledAfter = min(after, part.amount)
                before = before.saturatingSubtracting(filledBefore)
                after = after.saturatingSubtracting(filledAfter)
                share = filledBefore.saturatingSubtracting(filledAfter)
                captured = slot(of: id).map { self[slot: $0].captured }
            case .key(let id):
                share = amount
                captured = keySlot(of: id).map { self[keySlot: $0].captured }
            }
            guard let captured else { throw .unknownLane(part.lane) }
            guard share <= captured else { throw .exceedsCaptured }
            if share > .zero {
                entries.append(Entry(lane: part.lane, kind: kind, amount: Money.zero.saturatingSubtracting(share)))
            }
        }
        // Only now that every lane is known to have it does anything move.
        var forfeited: [Entry] = []
        var carried: [Entry] = []
        for entry in entries {
            let share = Money.zero.saturatingSubtracting(entry.amount)
            switch entry.lane {
            case .grant(let id):
                guard let slot = slot(of: id) else { continue }
                let grant = self[slot: slot]
                let isOver = grant.isOver(at: now)
                self[slot: slot].balance.refund(share, isOver: isOver)
                guard isOver else { continue }
                forfeited.append(
                    Entry(lane: entry.lane, kind: grant.forfeitKind(at: now), amount: entry.amount)
                )
                guard
                    let current = currentSlot(
                        of: grant.quotaID,
                        userID: grant.userID,
                        groupID: grant.groupID,
                        now: now
                    )
                else { continue }
                do {
                    try self[slot: current].balance.fund(share)
                    carried.append(Entry(lane: .grant(self[slot: current].id), kind: .carryOver, amount: share))
                } catch {
                    // Full to the brim of Int64: it stays forfeited on the old grant, which is still conserved.
                }
            case .key(let id):
                guard let slot = keySlot(of: id) else { continue }
                self[keySlot: slot].balance.refund(share, isOver: false)
            }
        }
        return entries + forfeited + carried
    }

    /// available → captured: from the hold's grants in their order, then from the group's usable ones, as far as all key
    /// lanes have it too.
    private mutating func takeMore(_ amount: Money, for row: LockedCall, now: Instant) -> [Entry] {
        var bound = amount
        for part in row.parts {
            guard case .key(let id) = part.lane else { continue }
            bound = min(bound, keySlot(of: id).map { self[keySlot: $0].available } ?? .zero)
        }
        var entries: [Entry] = []
        var left = bound
        for part in row.parts {
            guard case .grant(let id) = part.lane, let slot = slot(of: id) else { continue }
            capture(from: slot, left: &left, entries: &entries)
        }
        var slot = firstSlot(of: row.userID, in: row.groupID)
        while slot >= 0, left > .zero {
            // The hold's own grants have nothing left by now, or nothing more is wanted.
            if self[slot: slot].isUsable(at: now) { capture(from: slot, left: &left, entries: &entries) }
            slot = self.slot(after: slot)
        }
        let taken = bound.saturatingSubtracting(left)
        guard taken > .zero else { return entries }
        for part in row.parts {
            guard case .key(let id) = part.lane, let slot = keySlot(of: id) else { continue }
            self[keySlot: slot].balance.capture(taken)
            entries.append(Entry(lane: part.lane, kind: .correction, amount: taken))
        }
        return entries
    }

    private mutating func capture(from slot: Int, left: inout Money, entries: inout [Entry]) {
        let share = min(left, self[slot: slot].available)
        guard share > .zero else { return }
        self[slot: slot].balance.capture(share)
        entries.append(Entry(lane: .grant(self[slot: slot].id), kind: .correction, amount: share))
        left = left.saturatingSubtracting(share)
    }
}
