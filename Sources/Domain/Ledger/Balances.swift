/// The lanes of one batch, as locked: calls are decided against them one by one, in the order in which they came.
///
/// Pure. The caller loads every grant of the users concerned (and the limits of their keys), applies the batch, and
/// writes back what ``changedGrants`` and ``changedKeyLimits`` name.
package struct Balances: Sendable {
    private struct Owner: Hashable {
        let userID: UserID
        let groupID: ModelGroupID
    }

    package private(set) var grants: [Grant] = []
    package private(set) var keyLimits: [APIKeyID: KeyLimit] = [:]
    package private(set) var changedGrants: Set<GrantID> = []
    package private(set) var changedKeyLimits: Set<APIKeyID> = []
    private var indexes: [GrantID: Int] = [:]
    /// Positions in `grants`, in the order of use.
    private var owned: [Owner: [Int]] = [:]

    package init(grants: some Sequence<Grant> = [], keyLimits: some Sequence<KeyLimit> = []) {
        for grant in grants { insert(grant) }
        for limit in keyLimits { insert(limit) }
    }

    /// Adds or replaces a grant as it was read.
    package mutating func insert(_ grant: Grant) {
        let owner = Owner(userID: grant.userID, groupID: grant.groupID)
        if let index = indexes[grant.id] {
            grants[index] = grant
            let all = grants
            owned[owner]?.sort { Grant.isUsedBefore(all[$0], all[$1]) }
            return
        }
        let index = grants.count
        grants.append(grant)
        indexes[grant.id] = index
        var list = owned[owner] ?? []
        var at = list.endIndex
        while at > 0, Grant.isUsedBefore(grant, grants[list[at - 1]]) { at -= 1 }
        list.insert(index, at: at)
        owned[owner] = list
    }

    package mutating func insert(_ limit: KeyLimit) { keyLimits[limit.keyID] = limit }

    package func grant(_ id: GrantID) -> Grant? { indexes[id].map { grants[$0] } }

    /// Forgets which rows were changed: they have been written.
    package mutating func clearChanges() {
        changedGrants.removeAll(keepingCapacity: true)
        changedKeyLimits.removeAll(keepingCapacity: true)
    }

    // MARK: - Admit

    private struct Choice {
        let candidate: Int
        let amount: Money
        let outputLimit: Int64
        let isClamped: Bool
        let firstEnd: Int64
    }

    /// Decides one call: the group whose soonest-ending grant ends first among those that fit, its limit lowered where
    /// nothing fits otherwise. A hold may span grants of one group, soonest-ending first.
    package mutating func admit(_ request: AdmissionRequest, now: Instant) -> Admission {
        let limit = request.hasSpendingLimit ? keyLimits[request.call.keyID] : nil
        if request.hasSpendingLimit, limit == nil { return .refused(.keyLimitReached) }
        var best: Choice?
        var clamped: Choice?
        var isHeldBack = false
        var isKeyShort = false

        for (position, candidate) in request.candidates.enumerated() {
            let owner = Owner(userID: request.call.userID, groupID: candidate.groupID)
            var available: Int128 = 0
            var held: Int128 = 0
            var firstEnd: Int64?
            for index in owned[owner] ?? [] where grants[index].isUsable(at: now) {
                if firstEnd == nil { firstEnd = grants[index].endsAt?.microseconds ?? .max }
                available += Int128(grants[index].balance.available.picoDollars)
                held += Int128(grants[index].balance.held.picoDollars)
            }
            guard let firstEnd else { continue }
            let quote = candidate.quote
            guard let bound = try? quote.bound(outputLimit: quote.outputLimit),
                let lowest = try? quote.bound(outputLimit: quote.lowestOutputLimit)
            else { continue }
            let keyAvailable = limit.map { Int128($0.balance.available.picoDollars) } ?? available
            let budget = min(available, keyAvailable)

            if Int128(bound.picoDollars) <= budget {
                if best.map({ firstEnd < $0.firstEnd }) ?? true {
                    best = Choice(
                        candidate: position,
                        amount: bound,
                        outputLimit: quote.outputLimit,
                        isClamped: false,
                        firstEnd: firstEnd
                    )
                }
            } else if quote.lowestOutputLimit < quote.outputLimit, Int128(lowest.picoDollars) <= budget,
                quote.perOutputToken > .zero, clamped.map({ firstEnd < $0.firstEnd }) ?? true
            {
                let fits = (budget - Int128(quote.fixed.picoDollars)) / Int128(quote.perOutputToken.picoDollars)
                let outputLimit = min(quote.outputLimit, Int64(clamping: fits))
                if let amount = try? quote.bound(outputLimit: outputLimit) {
                    clamped = Choice(
                        candidate: position,
                        amount: amount,
                        outputLimit: outputLimit,
                        isClamped: true,
                        firstEnd: firstEnd
                    )
                }
            } else {
                let need = Int128(lowest.picoDollars)
                let grantsCould = available + held >= need
                let keyHeld = limit.map { Int128($0.balance.held.picoDollars) } ?? 0
                let keyCould = limit == nil || keyAvailable + keyHeld >= need
                if grantsCould, keyCould { isHeldBack = true }
                if available >= need, keyAvailable < need { isKeyShort = true }
            }
        }
        guard let choice = best ?? clamped else {
            return .refused(isHeldBack ? .heldByRunningCalls : isKeyShort ? .keyLimitReached : .insufficientQuota)
        }
        return .held(take(choice, for: request, now: now))
    }

    private mutating func take(_ choice: Choice, for request: AdmissionRequest, now: Instant) -> Hold {
        let candidate = request.candidates[choice.candidate]
        var parts: [HoldPart] = []
        var rest = choice.amount
        for index in owned[Owner(userID: request.call.userID, groupID: candidate.groupID)] ?? []
        where grants[index].isUsable(at: now) {
            let amount = min(rest, grants[index].balance.available)
            // A call that costs nothing still belongs to a grant.
            guard amount > .zero || (choice.amount == .zero && parts.isEmpty) else { continue }
            hold(amount, on: index)
            parts.append(HoldPart(lane: .grant(grants[index].id), amount: amount))
            rest = Money(picoDollars: rest.picoDollars - amount.picoDollars)
            if rest == .zero { break }
        }
        precondition(rest == .zero, "a fitting hold is taken whole")
        if request.hasSpendingLimit {
            do { try keyLimits[request.call.keyID]?.balance.hold(choice.amount) } catch {
                preconditionFailure("the limit was checked to cover the hold")
            }
            changedKeyLimits.insert(request.call.keyID)
            parts.append(HoldPart(lane: .key(request.call.keyID), amount: choice.amount))
        }
        return Hold(
            groupID: candidate.groupID,
            multiplier: candidate.multiplier,
            amount: choice.amount,
            outputLimit: choice.outputLimit,
            isClamped: choice.isClamped,
            parts: parts
        )
    }

    private mutating func hold(_ amount: Money, on index: Int) {
        do { try grants[index].balance.hold(amount) } catch { preconditionFailure("taken is at most available") }
        changedGrants.insert(grants[index].id)
    }

    // MARK: - Close

    /// Ends the hold of a locked call. See ``LockedCall`` for what may have happened to it before.
    package mutating func close(
        _ row: LockedCall?,
        with ending: CallEnding,
        now: Instant
    ) throws(LedgerProblem) -> Closing {
        guard let row else { return closeOrphan(ending, now: now) }
        switch row.state {
        case .open, .uncertain: return try closeOpen(row, with: ending, now: now)
        case .captured, .voided:
            // Closed by this very settlement, or corrected already: nothing is done twice.
            guard row.isResolvedByPolicy, !row.isCorrected, case .settled(let result) = ending else {
                return .unchanged
            }
            return try correct(row, to: result, now: now)
        }
    }

    private mutating func closeOpen(
        _ row: LockedCall,
        with ending: CallEnding,
        now: Instant
    ) throws(LedgerProblem) -> Closing {
        let wanted = ending.charge(of: row)
        let charge = min(wanted, row.held)
        try release(row.parts, capturing: charge, now: now)
        return .closed(
            ClosedCall(
                state: ending.state,
                charge: charge,
                excess: Money(picoDollars: wanted.picoDollars - charge.picoDollars),
                correction: .zero,
                flags: ending.isPolicy ? .chargedByPolicy : []
            )
        )
    }

    private mutating func release(_ parts: [HoldPart], capturing charge: Money, now: Instant) throws(LedgerProblem) {
        var rest = charge
        for part in parts {
            switch part.lane {
            case .grant(let id):
                guard let index = indexes[id] else { throw .missingLane(part.lane) }
                let captured = min(rest, part.amount)
                rest = Money(picoDollars: rest.picoDollars - captured.picoDollars)
                let isEnded = !grants[index].isActive || grants[index].hasEnded(at: now)
                do throws(Balance.Problem) {
                    try grants[index].balance.release(part.amount, capturing: captured, isEnded: isEnded)
                } catch { throw .inconsistentLane(part.lane) }
                changedGrants.insert(id)
            case .key(let id):
                guard keyLimits[id] != nil else { throw .missingLane(part.lane) }
                do throws(Balance.Problem) {
                    try keyLimits[id]?.balance.release(part.amount, capturing: min(charge, part.amount), isEnded: false)
                } catch { throw .inconsistentLane(part.lane) }
                changedKeyLimits.insert(id)
            }
        }
    }

    /// A settlement that came after a policy had closed the call: the difference is posted once.
    private mutating func correct(
        _ row: LockedCall,
        to result: CallResult,
        now: Instant
    ) throws(LedgerProblem) -> Closing {
        let target = min(result.outcome == .captured ? result.charge : .zero, row.held)
        var final = row.charge
        if target < row.charge {
            var rest = Money(picoDollars: row.charge.picoDollars - target.picoDollars)
            // The charge filled the parts in order; it is taken back from the last one first.
            var filled = row.charge
            var shares: [(GrantID, Money)] = []
            for part in row.parts {
                guard case .grant(let id) = part.lane else { continue }
                let share = min(filled, part.amount)
                filled = Money(picoDollars: filled.picoDollars - share.picoDollars)
                shares.append((id, share))
            }
            for (id, share) in shares.reversed() {
                let amount = min(rest, share)
                guard amount > .zero else { continue }
                try giveBack(amount, to: id, now: now)
                rest = Money(picoDollars: rest.picoDollars - amount.picoDollars)
                final = Money(picoDollars: final.picoDollars - amount.picoDollars)
            }
            for case .key(let id) in row.parts.map(\.lane) {
                let amount = Money(picoDollars: row.charge.picoDollars - final.picoDollars)
                do throws(Balance.Problem) { try keyLimits[id]?.balance.refund(amount, isEnded: false) } catch {
                    throw .inconsistentLane(.key(id))
                }
                changedKeyLimits.insert(id)
            }
        } else if target > row.charge {
            var wanted = Money(picoDollars: target.picoDollars - row.charge.picoDollars)
            for case .key(let id) in row.parts.map(\.lane) {
                wanted = min(wanted, keyLimits[id]?.balance.available ?? .zero)
            }
            let taken = captureAvailable(wanted, row: row, now: now)
            final = Money(picoDollars: row.charge.picoDollars + taken.picoDollars)
            for case .key(let id) in row.parts.map(\.lane) {
                _ = keyLimits[id]?.balance.captureAvailable(taken)
                changedKeyLimits.insert(id)
            }
        }
        return .corrected(
            ClosedCall(
                state: result.outcome == .captured ? .captured : .voided,
                charge: final,
                excess: Money(picoDollars: max(0, target.picoDollars - final.picoDollars)),
                correction: Money(picoDollars: final.picoDollars - row.charge.picoDollars),
                flags: .corrected
            )
        )
    }

    private mutating func giveBack(_ amount: Money, to id: GrantID, now: Instant) throws(LedgerProblem) {
        guard let index = indexes[id] else { throw .missingLane(.grant(id)) }
        let isEnded = !grants[index].isActive || grants[index].hasEnded(at: now)
        do throws(Balance.Problem) { try grants[index].balance.refund(amount, isEnded: isEnded) } catch {
            throw .inconsistentLane(.grant(id))
        }
        changedGrants.insert(id)
        // The period is over, the money is not: it goes to the quota's current period, if there is one.
        guard isEnded else { return }
        let quotaID = grants[index].quotaID
        guard let current = grants.firstIndex(where: { $0.quotaID == quotaID && $0.isUsable(at: now) }) else { return }
        do throws(Balance.Problem) { try grants[current].balance.topUp(amount) } catch {
            throw .inconsistentLane(.grant(grants[current].id))
        }
        changedGrants.insert(grants[current].id)
    }

    /// From the hold's own grants first, then from the group's current ones.
    private mutating func captureAvailable(_ amount: Money, row: LockedCall, now: Instant) -> Money {
        var taken = Money.zero
        var order: [Int] = row.parts.compactMap { if case .grant(let id) = $0.lane { indexes[id] } else { nil } }
        for index in owned[Owner(userID: row.userID, groupID: row.groupID)] ?? [] where !order.contains(index) {
            order.append(index)
        }
        for index in order where grants[index].isUsable(at: now) {
            let rest = Money(picoDollars: amount.picoDollars - taken.picoDollars)
            let got = grants[index].balance.captureAvailable(rest)
            guard got > .zero else { continue }
            changedGrants.insert(grants[index].id)
            taken = Money(picoDollars: taken.picoDollars + got.picoDollars)
        }
        return taken
    }

    /// The row is gone (a failover, a restored backup): the call is written whole, with what its grants can pay.
    private mutating func closeOrphan(_ ending: CallEnding, now: Instant) -> Closing {
        guard case .lost(let settlement) = ending else { return .unchanged }
        let wanted =
            settlement.result.outcome == .captured ? min(settlement.result.charge, settlement.hold.amount) : .zero
        let row = LockedCall(settlement, state: .open)
        var payable = wanted
        for case .key(let id) in row.parts.map(\.lane) {
            payable = min(payable, keyLimits[id]?.balance.available ?? .zero)
        }
        let taken = captureAvailable(payable, row: row, now: now)
        for case .key(let id) in row.parts.map(\.lane) {
            _ = keyLimits[id]?.balance.captureAvailable(taken)
            changedKeyLimits.insert(id)
        }
        return .orphan(
            ClosedCall(
                state: settlement.result.outcome == .captured ? .captured : .voided,
                charge: taken,
                excess: Money(picoDollars: wanted.picoDollars - taken.picoDollars),
                correction: .zero,
                flags: .orphan
            )
        )
    }

    // MARK: - Edits

    /// Applies one administrative change to a grant's balance. - Throws: `missingLane`, or what the change refuses.
    package mutating func edit(_ id: GrantID, _ change: GrantChange) throws(LedgerProblem) {
        guard let index = indexes[id] else { throw .missingLane(.grant(id)) }
        do throws(Balance.Problem) {
            switch change {
            case .topUp(let amount): try grants[index].balance.topUp(amount)
            case .reduce(let amount): try grants[index].balance.reduce(amount)
            case .refund(let amount, let now):
                let isEnded = !grants[index].isActive || grants[index].hasEnded(at: now)
                try grants[index].balance.refund(amount, isEnded: isEnded)
            case .expire(let now):
                grants[index].endsAt = min(grants[index].endsAt ?? now, now)
                grants[index].balance.forfeitAvailable()
            case .deactivate: grants[index].isActive = false
            }
        } catch { throw .refused(error) }
        changedGrants.insert(id)
    }
}

/// A change to one grant.
package enum GrantChange: Hashable, Sendable {
    case topUp(Money)
    /// What is available now, the rest as holds end.
    case reduce(Money)
    case refund(Money, at: Instant)
    /// Ends the period now; what is available is forfeited, running holds may still capture.
    case expire(at: Instant)
    /// No new holds; what is available stays for a later activation.
    case deactivate
}
