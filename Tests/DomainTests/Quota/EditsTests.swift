import Testing

@testable import Domain

enum Edit: Sendable {
    case topUp(Int64)
    case reduce(Int64)
    case adjust(Int64)
    case expire
    case deactivate
    case end(Int64?)
}

@Suite("Quota edits")
struct EditsTests {
    private static let now = Instant(100)

    @Test(
        "move money and say so",
        arguments: [
            (Edit.topUp(20), "5/6/7", nil, "25/6/7", "topUp 1:20"),
            (.topUp(20), "0/6/7/3/8", nil, "12/6/7/11", "topUp 1:20"),
            (.topUp(5), "0/6/7/0/8", nil, "0/6/7/5/3", "topUp 1:5"),
            (.reduce(4), "5/6/7", nil, "1/6/7/4", "reduction 1:-4"),
            // Nine more than is available: pending, to be eaten from holds as they end and from top-ups.
            (.reduce(14), "5/6/7", nil, "0/6/7/5/9", "reduction 1:-14"),
            (.adjust(-14), "5/6/7", nil, "0/6/7/5/9", "reduction 1:-14"),
            (.adjust(3), "5/6/7", nil, "8/6/7", "topUp 1:3"),
            (.adjust(0), "5/6/7", nil, "5/6/7", ""),
            (.expire, "5/6/7", 100, "0/6/7/5", "expiry 1:-5"),
            (.expire, "0/6/7/5", 100, "0/6/7/5", ""),
            // The clawback dies with its grant: all that holds give back is forfeited anyway.
            (.expire, "0/6/7/5/9", 99, "0/6/7/5", "expiry 1:9"),
            (.deactivate, "5/6/7", nil, "0/6/7/5", "deactivation 1:-5"),
            (.deactivate, "0/6/7", nil, "0/6/7", ""),
            (.end(nil), "5/6/7", 200, "5/6/7", ""),
            (.end(101), "5/6/7", 200, "5/6/7", ""),
            (.end(100), "5/6/7", 200, "0/6/7/5", "expiry 1:-5"),
            (.end(0), "5/6/7", nil, "0/6/7/5", "expiry 1:-5"),
        ] as [(Edit, String, Int64?, String, String)]
    )
    func edits(edit: Edit, before: String, endsAt: Int64?, after: String, entry: String) throws {
        var balances = try balances([grant(1, before, endsAt: endsAt)])
        let made = try apply(edit, to: &balances)
        #expect(balances[GrantID(1)]?.balance.pots == after)
        #expect(balances[GrantID(1)]?.balance.isConserved == true)
        #expect(text(made.map { [$0] } ?? []) == entry)
    }

    @Test(
        "are refused where money would be lost or made",
        arguments: [
            (Edit.topUp(0), nil, LedgerError.invalidAmount), (.topUp(-1), nil, .invalidAmount),
            (.topUp(.max), nil, .overflow), (.topUp(9_000_000_000_000_000_000 - 17), nil, .overflow),
            (.topUp(1), 100, .ended), (.reduce(1), 100, .ended), (.reduce(0), nil, .invalidAmount),
            (.reduce(-1), nil, .invalidAmount), (.reduce(.max), nil, .invalidAmount),
            (.adjust(.min), nil, .invalidAmount),
            (.expire, nil, .notEnded), (.expire, 101, .notEnded), (.end(300), 100, .ended), (.end(nil), 50, .ended),
        ] as [(Edit, Int64?, LedgerError)]
    )
    func refused(edit: Edit, endsAt: Int64?, error: LedgerError) throws {
        var balances = try balances([grant(1, "5/6/7", endsAt: endsAt)])
        #expect(throws: error) { try apply(edit, to: &balances) }
        #expect(balances.changedGrants.isEmpty)
        #expect(throws: LedgerError.unknownLane(.grant(GrantID(1)))) {
            var none = Balances()
            _ = try apply(edit, to: &none)
        }
    }

    @Test("accounts end at nine million dollars, exactly")
    func largest() throws {
        var balances = try balances([grant(1, "0/0/0")])
        _ = try balances.topUp(GrantID(1), by: Balance.largest, now: Self.now)
        #expect(throws: LedgerError.overflow) { try balances.topUp(GrantID(1), by: Money(1), now: Self.now) }
        // Reductions that pend without end cannot overflow either.
        #expect(throws: LedgerError.overflow) {
            while true { _ = try balances.reduce(GrantID(1), by: Balance.largest, now: Self.now) }
        }
        #expect(balances[GrantID(1)]?.balance.isConserved == true)
    }

    @Test("an inactive grant takes no edits; active again, it starts empty")
    func deactivated() throws {
        var balances = try balances([grant(1, "5/6/7")])
        _ = try balances.deactivate(GrantID(1))
        #expect(throws: LedgerError.ended) { try balances.topUp(GrantID(1), by: Money(1), now: Self.now) }
        guard case .refused = balances.admit(request([candidate(fixed: 0)]), now: Self.now) else {
            Issue.record("admitted on an inactive grant")
            return
        }
        // Its running hold of 6 ends at 4: captured, and the rest gone.
        _ = try balances.close(settlement("1:6", charge: 4), row: row("1:6"), now: Self.now)
        #expect(balances[GrantID(1)]?.balance.pots == "0/0/11/7")
        try balances.activate(GrantID(1))
        _ = try balances.topUp(GrantID(1), by: Money(3), now: Self.now)
        #expect(balances[GrantID(1)]?.balance.pots == "3/0/11/7")
        #expect(balances.changedGrants.first?.before.isActive == true)
    }

    @Test("lowering below what is spent, then raising: the total ends where the file says")
    func total() throws {
        var balances = try balances([grant(1, "2/0/8")])
        func total() -> Int64? {
            balances[GrantID(1)].map { $0.funded.picoDollars - $0.forfeited.picoDollars }
        }
        _ = try balances.adjust(GrantID(1), by: Money(-5), now: Self.now)
        #expect(balances[GrantID(1)]?.balance.pots == "0/0/8/2/3")
        #expect(total() == 8, "what is spent cannot be taken; remaining is 0, never negative")
        _ = try balances.adjust(GrantID(1), by: Money(7), now: Self.now)
        #expect(balances[GrantID(1)]?.balance.pots == "4/0/8/5")
        #expect(total() == 12, "10 - 5 + 7")
    }

    @Test("a new end changes whose money goes first")
    func rescheduling() throws {
        var balances = try balances([
            grant(1, "5/0/0", endsAt: 200), grant(2, "5/0/0", endsAt: 300), grant(3, "5/0/0", endsAt: 400),
        ])
        func first() -> String? {
            guard case .held(let hold) = balances.admit(request([candidate(fixed: 1)]), now: Self.now) else {
                return nil
            }
            return text(hold.parts)
        }
        #expect(first() == "1:1")
        _ = try balances.reschedule(GrantID(1), endsAt: nil, now: Self.now)
        #expect(first() == "2:1")
        _ = try balances.reschedule(GrantID(3), endsAt: Instant(250), now: Self.now)
        #expect(first() == "3:1")
        _ = try balances.reschedule(GrantID(3), endsAt: Instant(100), now: Self.now)
        #expect(first() == "2:1")
        #expect(balances[GrantID(3)]?.balance.pots == "0/1/0/4")
        #expect(balances.changedGrants.count == 3)
    }

    @Test("a renewal starts where the last period ends, beside it and untouched by it")
    func renewal() throws {
        let last = grant(1, "5/6/7/8", endsAt: 200)
        let next = try last.renewal(id: GrantID(2), funded: Money(40), endsAt: Instant(300))
        #expect(next.ordinal == 2 && next.quotaID == last.quotaID && next.groupID == last.groupID)
        #expect(next.startsAt == Instant(200) && next.endsAt == Instant(300))
        #expect(next.balance.pots == "40/0/0")
        var balances = try balances([next, last])
        // Inserted before it begins, it is not used before: only the running one's 5 are there.
        #expect(balances.admit(request([candidate(fixed: 6)]), now: Self.now) == .refused(.heldByRunningCalls))
        guard case .held(let hold) = balances.admit(request([candidate(fixed: 6)]), now: Instant(200)) else {
            Issue.record("the new period is not used")
            return
        }
        #expect(text(hold.parts) == "2:6", "at its end the old one is not used any more")
    }

    @Test("renewals that make no sense are refused")
    func refusedRenewals() {
        let never = grant(1, "5/0/0")
        #expect(throws: LedgerError.notEnded) { try never.renewal(id: GrantID(2), funded: .zero, endsAt: nil) }
        let last = grant(1, "5/0/0", endsAt: 200)
        #expect(throws: LedgerError.notEnded) {
            try last.renewal(id: GrantID(2), funded: .zero, endsAt: Instant(200))
        }
        #expect(throws: LedgerError.invalidAmount) { try last.renewal(id: GrantID(2), funded: Money(-1), endsAt: nil) }
        #expect(throws: LedgerError.overflow) { try last.renewal(id: GrantID(2), funded: Money(.max), endsAt: nil) }
        let inactive = grant(1, "0/0/5", endsAt: 200, isActive: false)
        #expect(throws: LedgerError.ended) { try inactive.renewal(id: GrantID(2), funded: Money(5), endsAt: nil) }
    }

    @Test("a key's limit is raised and lowered like a grant")
    func keyLimits() throws {
        var balances = try balances([], keys: [limit(1, "5/6/7")])
        let key = APIKeyID(1)
        #expect(text([try balances.adjust(key, by: Money(-8))].compactMap { $0 }) == "reduction key1:-8")
        #expect(balances[key]?.balance.pots == "0/6/7/5/3")
        #expect(text([try balances.adjust(key, by: Money(10))].compactMap { $0 }) == "topUp key1:10")
        #expect(balances[key]?.balance.pots == "7/6/7/8")
        #expect(try balances.adjust(key, by: .zero) == nil)
        #expect(throws: LedgerError.overflow) { try balances.adjust(key, by: Money(.max)) }
        #expect(throws: LedgerError.invalidAmount) { try balances.adjust(key, by: Money(.min)) }
        #expect(throws: LedgerError.unknownLane(.key(APIKeyID(2)))) { try balances.adjust(APIKeyID(2), by: Money(1)) }
    }

    private func apply(_ edit: Edit, to balances: inout Balances) throws(LedgerError) -> Entry? {
        let id = GrantID(1)
        switch edit {
        case .topUp(let amount): return try balances.topUp(id, by: Money(amount), now: Self.now)
        case .reduce(let amount): return try balances.reduce(id, by: Money(amount), now: Self.now)
        case .adjust(let amount): return try balances.adjust(id, by: Money(amount), now: Self.now)
        case .expire: return try balances.expire(id, now: Self.now)
        case .deactivate: return try balances.deactivate(id)
        case .end(let endsAt):
            return try balances.reschedule(id, endsAt: endsAt.map { Instant($0) }, now: Self.now)
        }
    }
}
