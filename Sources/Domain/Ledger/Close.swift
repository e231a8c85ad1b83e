extension Balances {
    /// Closes a call with its settlement, deciding from its locked row; nil if there is no such row. Idempotent: a call
    /// closes once and is corrected at most once, however often and by whomever this is asked. Money never refuses it.
    /// - Throws: only where rows contradict each other; nothing has changed then and the record belongs into quarantine.
    package mutating func close(
        _ settlement: Settlement,
        row: LockedCall?,
        now: Instant
    ) throws(LedgerError) -> Closing {
        let result = settlement.result
        let state: CallState = result.outcome == .captured ? .captured : .voided
        let asked = result.outcome == .captured ? max(.zero, result.charge) : .zero
        guard let row else {
            let held = try settlement.hold.parts.heldAmount(of: settlement.call.id)
            return insert(settlement, state: state, charge: min(asked, held), now: now)
        }
        let held = try row.parts.heldAmount(of: row.id)
        let charge = min(asked, held)
        var flags = result.flags
        let excess = result.excess.saturatingAdding(asked.saturatingSubtracting(charge))
        if excess > .zero { flags.insert(.exceededHold) }
        switch row.state {
        case .open, .uncertain:
            return try end(row, state: state, charge: charge, excess: excess, flags: flags, now: now)
        case .captured, .voided:
            guard row.isCorrectable else { return Closing(unchanged: row) }
            return try correct(row, state: state, charge: charge, excess: excess, flags: flags, now: now)
        }
    }

    /// Gives a hold back whole: an admission that nobody waits for any more, or whose outcome stayed unknown. If a policy
    /// closed the call meanwhile, its charge is corrected to nothing; any other closed call is left alone.
    package mutating func void(_ row: LockedCall, now: Instant) throws(LedgerError) -> Closing {
        _ = try row.parts.heldAmount(of: row.id)
        if row.isOpen {
            return try end(row, state: .voided, charge: .zero, excess: .zero, flags: [], now: now)
        }
        guard row.isCorrectable else { return Closing(unchanged: row) }
        return try correct(row, state: .voided, charge: .zero, excess: .zero, flags: [], now: now)
    }

    /// Closes a call whose fate is unknown. Does nothing to a closed call; a settlement that still comes corrects it.
    package mutating func resolve(
        _ row: LockedCall,
        by policy: UncertainPolicy,
        now: Instant
    ) throws(LedgerError) -> Closing {
        guard row.isOpen else { return Closing(unchanged: row) }
        let held = try row.parts.heldAmount(of: row.id)
        switch policy {
        case .void:
            return try end(row, state: .voided, charge: .zero, excess: .zero, flags: .chargedByPolicy, now: now)
        case .chargeHold:
            return try end(row, state: .captured, charge: held, excess: .zero, flags: .chargedByPolicy, now: now)
        case .chargeInput:
            let estimate: Money
            do {
                estimate = try row.multiplier.apply(to: Int128(max(.zero, row.estimatedInputPrice).picoDollars))
            } catch {
                estimate = held
            }
            return try end(
                row,
                state: .captured,
                charge: min(estimate, held),
                excess: .zero,
                flags: [.chargedByPolicy, .estimated],
                now: now
            )
        }
    }

    /// Open or uncertain → closed: the charge fills the grants' parts in their order, every key lane bears all of it.
    private mutating func end(
        _ row: LockedCall,
        state: CallState,
        charge: Money,
        excess: Money,
        flags: BillFlags,
        now: Instant
    ) throws(LedgerError) -> Closing {
        for part in row.parts {
            let held: Money?
            switch part.lane {
            case .grant(let id): held = slot(of: id).map { self[slot: $0].held }
            case .key(let id): held = keySlot(of: id).map { self[keySlot: $0].held }
            }
            guard let held else { throw .unknownLane(part.lane) }
            guard part.amount <= held else { throw .unbalanced(part.lane) }
        }
        var left = charge
        var entries: [Entry] = []
        for part in row.parts {
            switch part.lane {
            case .grant(let id):
                guard let slot = slot(of: id) else { continue }
                let share = min(left, part.amount)
                let isOver = self[slot: slot].isOver(at: now)
                self[slot: slot].balance.settle(hold: part.amount, charge: share, isOver: isOver)
                if isOver, share < part.amount {
                    entries.append(
                        Entry(
                            lane: part.lane,
                            kind: self[slot: slot].forfeitKind(at: now),
                            amount: share.saturatingSubtracting(part.amount)
                        )
                    )
                }
                left = left.saturatingSubtracting(share)
            case .key(let id):
                guard let slot = keySlot(of: id) else { continue }
                self[keySlot: slot].balance.settle(hold: part.amount, charge: min(charge, part.amount), isOver: false)
            }
        }
        return Closing(
            action: .close,
            state: state,
            charge: charge,
            chargeDelta: charge,
            excess: excess,
            flags: flags,
            parts: row.parts,
            entries: entries
        )
    }

    /// A row that is gone: takes what its lanes still have, never more than any one of them; the rest is lost.
    private mutating func insert(
        _ settlement: Settlement,
        state: CallState,
        charge asked: Money,
        now: Instant
    ) -> Closing {
        let hold = settlement.hold
        var bound = asked
        for part in hold.parts {
            guard case .key(let id) = part.lane else { continue }
            bound = min(bound, keySlot(of: id).map { self[keySlot: $0].available } ?? .zero)
        }
        var charge = Money.zero
        var parts: [HoldPart] = []
        for part in hold.parts {
            guard case .grant(let id) = part.lane, let slot = slot(of: id) else { continue }
            let share = min(bound.saturatingSubtracting(charge), self[slot: slot].available)
            self[slot: slot].balance.capture(share)
            charge = charge.saturatingAdding(share)
            parts.append(HoldPart(lane: part.lane, amount: share))
        }
        for part in hold.parts {
            guard case .key(let id) = part.lane, let slot = keySlot(of: id) else { continue }
            self[keySlot: slot].balance.capture(charge)
            parts.append(HoldPart(lane: part.lane, amount: charge))
        }
        var flags = settlement.result.flags.union(.orphan)
        let wanted = settlement.result.outcome == .captured ? max(.zero, settlement.result.charge) : .zero
        let lost = wanted.saturatingSubtracting(charge)
        if wanted > asked || settlement.result.excess > .zero { flags.insert(.exceededHold) }
        if charge < asked { flags.insert(.unfunded) }
        return Closing(
            action: .insert,
            state: state,
            charge: charge,
            chargeDelta: charge,
            excess: settlement.result.excess.saturatingAdding(lost),
            flags: flags,
            parts: parts,
            entries: []
        )
    }
}

extension LockedCall {
    var isOpen: Bool { state == .open || state == .uncertain }

    /// A policy closed it, and nothing has corrected that yet.
    var isCorrectable: Bool { !isOpen && flags.contains(.chargedByPolicy) && !flags.contains(.corrected) }

    /// What the customer pays for it as of now.
    package var netCharge: Money {
        max(.zero, charge.saturatingAdding(correction).saturatingSubtracting(refunded))
    }
}

extension [HoldPart] {
    /// The sum over the grants' parts. A lane may stand there once, and a key's bears no less than all of them.
    func heldAmount(of call: CallID) throws(LedgerError) -> Money {
        var sum = Money.zero
        for (index, part) in enumerated() {
            guard part.amount >= .zero else { throw .malformedParts(call) }
            for earlier in 0..<index where self[earlier].lane == part.lane { throw .malformedParts(call) }
            guard case .grant = part.lane else { continue }
            let (total, overflow) = sum.picoDollars.addingReportingOverflow(part.amount.picoDollars)
            guard !overflow else { throw .malformedParts(call) }
            sum = Money(picoDollars: total)
        }
        for part in self {
            if case .key = part.lane, part.amount < sum { throw .malformedParts(call) }
        }
        return sum
    }
}

extension Closing {
    init(unchanged row: LockedCall) {
        self.init(
            action: .none,
            state: row.state,
            charge: row.netCharge,
            chargeDelta: .zero,
            excess: .zero,
            flags: [],
            parts: row.parts,
            entries: []
        )
    }
}
