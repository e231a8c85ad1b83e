/// The money of one lane: `funded = available + held + captured + forfeited`, each of them never negative.
///
/// Every change moves money between these pots, so as long as a balance came in conserved (``isConserved``) no sum here
/// can leave `Int64`; only ``fund(_:)`` and ``clawBack(_:)`` take new amounts from outside and check them.
package struct Balance: Hashable, Sendable {
    /// Accounts end at nine million dollars: what `Int64` leaves above it is head-room for refunds carried over.
    package static let largest = Money(picoDollars: 9_000_000 * Money.picosPerDollar)

    package private(set) var funded: Money
    package private(set) var available: Money
    package private(set) var held: Money
    package private(set) var captured: Money
    package private(set) var forfeited: Money
    /// Still to be taken: eats what holds give back and what is funded, before any of it becomes available.
    package private(set) var pendingClawback: Money

    package init(
        funded: Money,
        available: Money,
        held: Money = .zero,
        captured: Money = .zero,
        forfeited: Money = .zero,
        pendingClawback: Money = .zero
    ) {
        self.funded = funded
        self.available = available
        self.held = held
        self.captured = captured
        self.forfeited = forfeited
        self.pendingClawback = pendingClawback
    }

    package init(funded: Money) { self.init(funded: funded, available: funded) }

    package var isConserved: Bool {
        guard available >= .zero, held >= .zero, captured >= .zero, forfeited >= .zero, pendingClawback >= .zero else {
            return false
        }
        let sum =
            Int128(available.picoDollars) + Int128(held.picoDollars) + Int128(captured.picoDollars)
            + Int128(forfeited.picoDollars)
        return sum == Int128(funded.picoDollars)
    }

    /// What it comes to: used, held and left; a part of a conserved balance, so it fits.
    package var total: Money { captured.saturatingAdding(held).saturatingAdding(available) }

    /// What it comes to once a pending clawback has been taken.
    package var totalAfterClawback: Money { total.saturatingSubtracting(pendingClawback) }

    /// What would be available if every running hold were given back whole.
    package var reachable: Int128 {
        Int128(available.picoDollars) + max(0, Int128(held.picoDollars) - Int128(pendingClawback.picoDollars))
    }

    /// available → held. At most what is available.
    mutating func hold(_ amount: Money) {
        precondition(amount >= .zero && amount <= available, "more held than available")
        available -= amount
        held += amount
    }

    /// held → captured for the charge, the rest of the hold back.
    /// - Parameter isOver: what comes back is forfeited, for the lane has ended.
    mutating func settle(hold: Money, charge: Money, isOver: Bool) {
        precondition(charge >= .zero && charge <= hold && hold <= held, "more settled than held")
        held -= hold
        captured += charge
        giveBack(hold - charge, isOver: isOver)
    }

    /// available → captured, without a hold before.
    mutating func capture(_ amount: Money) {
        precondition(amount >= .zero && amount <= available, "more captured than available")
        available -= amount
        captured += amount
    }

    /// captured → back.
    mutating func refund(_ amount: Money, isOver: Bool) {
        precondition(amount >= .zero && amount <= captured, "more refunded than captured")
        captured -= amount
        giveBack(amount, isOver: isOver)
    }

    /// New money; a pending clawback eats of it first.
    mutating func fund(_ amount: Money) throws(LedgerError) {
        guard amount >= .zero else { throw .invalidAmount }
        let (sum, overflow) = funded.picoDollars.addingReportingOverflow(amount.picoDollars)
        guard !overflow else { throw .overflow }
        funded = Money(picoDollars: sum)
        giveBack(amount, isOver: false)
    }

    /// Takes what is available now; the rest pends.
    /// - Returns: what was taken now.
    mutating func clawBack(_ amount: Money) throws(LedgerError) -> Money {
        guard amount >= .zero else { throw .invalidAmount }
        let now = min(amount, available)
        let (pending, overflow) =
            pendingClawback.picoDollars.addingReportingOverflow((amount - now).picoDollars)
        guard !overflow else { throw .overflow }
        available -= now
        forfeited += now
        pendingClawback = Money(picoDollars: pending)
        return now
    }

    /// available → forfeited, all of it; a pending clawback dies.
    /// - Returns: how much less is forfeited or pending than before: negative where money was taken.
    mutating func forfeit() -> Money {
        let before = forfeited.picoDollars + pendingClawback.picoDollars
        forfeited += available
        available = .zero
        pendingClawback = .zero
        return Money(picoDollars: before - forfeited.picoDollars)
    }

    private mutating func giveBack(_ amount: Money, isOver: Bool) {
        if isOver {
            forfeited += amount
            return
        }
        let eaten = min(amount, pendingClawback)
        pendingClawback -= eaten
        forfeited += eaten
        available += amount - eaten
    }
}

// Within a conserved balance these cannot overflow; elsewhere money is added by throwing functions only.
private func - (left: Money, right: Money) -> Money { Money(picoDollars: left.picoDollars - right.picoDollars) }
private func += (left: inout Money, right: Money) { left = Money(picoDollars: left.picoDollars + right.picoDollars) }
private func -= (left: inout Money, right: Money) { left = Money(picoDollars: left.picoDollars - right.picoDollars) }
