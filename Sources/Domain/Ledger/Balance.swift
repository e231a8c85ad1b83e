/// Where the money of one lane stands. Always `funded = available + held + captured + forfeited`, and all of them ≥ 0.
///
/// Every change is checked before it is made: a change that would break the equation throws and changes nothing.
package struct Balance: Hashable, Sendable {
    /// All that was ever put in.
    package private(set) var funded: Money
    /// What new calls may hold.
    package private(set) var available: Money
    package private(set) var held: Money
    /// What ended calls cost.
    package private(set) var captured: Money
    /// Taken back or expired.
    package private(set) var forfeited: Money
    /// What is still to be taken back as holds end; dies with its grant.
    package private(set) var pendingClawback: Money

    package enum Problem: Error, Hashable, Sendable {
        case overflow
        /// The stored figures contradict each other.
        case inconsistent
        /// More than there is.
        case insufficient
    }

    /// - Throws: `inconsistent` unless the figures satisfy the equation.
    package init(
        funded: Money,
        available: Money,
        held: Money = .zero,
        captured: Money = .zero,
        forfeited: Money = .zero,
        pendingClawback: Money = .zero
    ) throws(Problem) {
        let parts = [available, held, captured, forfeited]
        guard funded >= .zero, pendingClawback >= .zero, parts.allSatisfy({ $0 >= .zero }),
            parts.reduce(Int128(0), { $0 + Int128($1.picoDollars) }) == Int128(funded.picoDollars)
        else { throw .inconsistent }
        self.funded = funded
        self.available = available
        self.held = held
        self.captured = captured
        self.forfeited = forfeited
        self.pendingClawback = pendingClawback
    }

    package static func funded(with amount: Money) throws(Problem) -> Balance {
        try Balance(funded: amount, available: amount)
    }

    /// What a user still sees: the total is what was funded and not taken back.
    package var total: Money { Money(picoDollars: funded.picoDollars - forfeited.picoDollars) }

    package mutating func hold(_ amount: Money) throws(Problem) {
        guard amount >= .zero, amount <= available else { throw .insufficient }
        available = available - amount
        held = held + amount
    }

    /// Ends a hold: `charge` is captured, the rest goes back, to a pending clawback first, or is forfeited where the
    /// grant has ended.
    package mutating func release(_ hold: Money, capturing charge: Money, isEnded: Bool) throws(Problem) {
        guard charge >= .zero, charge <= hold, hold <= held else { throw .inconsistent }
        held = held - hold
        captured = captured + charge
        giveBack(hold - charge, isEnded: isEnded)
    }

    /// Captures more after the hold is gone, from what is available. - Returns: what could be had.
    package mutating func captureAvailable(_ amount: Money) -> Money {
        let taken = min(max(.zero, amount), available)
        available = available - taken
        captured = captured + taken
        return taken
    }

    /// Takes a charge back, wholly or partly. - Throws: `insufficient` beyond what was captured.
    package mutating func refund(_ amount: Money, isEnded: Bool) throws(Problem) {
        guard amount >= .zero, amount <= captured else { throw .insufficient }
        captured = captured - amount
        giveBack(amount, isEnded: isEnded)
    }

    /// Adds money; a pending clawback takes its part first.
    package mutating func topUp(_ amount: Money) throws(Problem) {
        guard amount >= .zero else { throw .insufficient }
        let (sum, overflow) = funded.picoDollars.addingReportingOverflow(amount.picoDollars)
        guard !overflow else { throw .overflow }
        funded = Money(picoDollars: sum)
        giveBack(amount, isEnded: false)
    }

    /// Takes money back: what is available now, the rest as holds end. Running holds may still capture.
    /// - Throws: `insufficient` beyond available + held − what is already to be taken back.
    package mutating func reduce(_ amount: Money) throws(Problem) {
        guard amount >= .zero else { throw .insufficient }
        let takeable = Int128(available.picoDollars) + Int128(held.picoDollars) - Int128(pendingClawback.picoDollars)
        guard Int128(amount.picoDollars) <= takeable else { throw .insufficient }
        let now = min(amount, available)
        available = available - now
        forfeited = forfeited + now
        pendingClawback = pendingClawback + (amount - now)
    }

    /// The grant's end: nothing is available any more; running holds may still capture.
    package mutating func forfeitAvailable() {
        forfeited = forfeited + available
        available = .zero
        pendingClawback = .zero
    }

    private mutating func giveBack(_ amount: Money, isEnded: Bool) {
        guard !isEnded else {
            forfeited = forfeited + amount
            return
        }
        let eaten = min(amount, pendingClawback)
        pendingClawback = pendingClawback - eaten
        forfeited = forfeited + eaten
        available = available + (amount - eaten)
        // Nothing is held any more that a clawback could wait for.
        if held == .zero { pendingClawback = .zero }
    }
}

/// Within a balance whose parts add up to an `Int64`, sums and differences of its parts cannot leave it.
private func + (left: Money, right: Money) -> Money { Money(picoDollars: left.picoDollars &+ right.picoDollars) }
private func - (left: Money, right: Money) -> Money { Money(picoDollars: left.picoDollars &- right.picoDollars) }
