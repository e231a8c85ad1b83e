import Testing

@testable import Domain

/// One closing: rows before, what is asked, rows after.
struct CloseCase: Sendable, CustomTestStringConvertible {
    let name: String
    let grants: [Grant]
    var keys: [KeyLimit] = []
    let row: LockedCall?
    let settlement: Settlement
    /// `action state charge (delta) excess flags`
    let outcome: String
    /// Balances afterwards, grants then keys.
    let after: String
    var entries = ""

    init(
        _ name: String,
        _ grants: [Grant],
        keys: [KeyLimit] = [],
        row: LockedCall?,
        _ settlement: Settlement,
        _ outcome: String,
        after: String,
        entries: String = ""
    ) {
        self.name = name
        self.grants = grants
        self.keys = keys
        self.row = row
        self.settlement = settlement
        self.outcome = outcome
        self.after = after
        self.entries = entries
    }

    var testDescription: String { name }
}

private let byPolicy = BillFlags.chargedByPolicy

@Suite("Closing")
struct CloseTests {
    private static let now = Instant(100)

    static let ordinary: [CloseCase] = [
        CloseCase(
            "the charge is captured, the rest is available again",
            [grant(1, "50/30/20")],
            row: row("1:30"),
            settlement("1:30", charge: 10),
            "close captured 10 (10) lost 0",
            after: "70/0/30"
        ),
        CloseCase(
            "all of the hold",
            [grant(1, "0/30/0")],
            row: row("1:30"),
            settlement("1:30", charge: 30),
            "close captured 30 (30) lost 0",
            after: "0/0/30"
        ),
        CloseCase(
            "nothing: captured at zero is not voided",
            [grant(1, "0/30/0")],
            row: row("1:30"),
            settlement("1:30", charge: 0),
            "close captured 0 (0) lost 0",
            after: "30/0/0"
        ),
        CloseCase(
            "voided",
            [grant(1, "0/30/0")],
            row: row("1:30"),
            settlement("1:30", charge: nil),
            "close voided 0 (0) lost 0",
            after: "30/0/0"
        ),
        CloseCase(
            "an uncertain call closes like an open one",
            [grant(1, "0/30/0")],
            row: row("1:30", .uncertain),
            settlement("1:30", charge: 9),
            "close captured 9 (9) lost 0",
            after: "21/0/9"
        ),
        // The gateway bounds it already; the ledger does not rely on that.
        CloseCase(
            "never beyond the hold: the rest is the provider's loss",
            [grant(1, "70/30/0")],
            row: row("1:30"),
            settlement("1:30", charge: 45, excess: 5),
            "close captured 30 (30) lost 20 exceededHold",
            after: "70/0/30"
        ),
        CloseCase(
            "a negative charge is none",
            [grant(1, "0/30/0")],
            row: row("1:30"),
            settlement("1:30", charge: -7),
            "close captured 0 (0) lost 0",
            after: "30/0/0"
        ),
        CloseCase(
            "the charge fills parts in their order",
            [grant(1, "0/30/0"), grant(2, "0/20/0")],
            row: row("2:20 1:30"),
            settlement("2:20 1:30", charge: 25),
            "close captured 25 (25) lost 0",
            after: "25/0/5 0/0/20"
        ),
        CloseCase(
            "a key's limit captures the same total",
            [grant(1, "0/30/0"), grant(2, "0/20/0")],
            keys: [limit(1, "9/50/0")],
            row: row("1:30 2:20 key1:50"),
            settlement("1:30 2:20 key1:50", charge: 35),
            "close captured 35 (35) lost 0",
            after: "0/0/30 15/0/5 24/0/35"
        ),
        CloseCase(
            "the row's parts decide, not the settlement's",
            [grant(1, "0/30/0"), grant(2, "7/0/0")],
            row: row("1:30"),
            settlement("2:99", charge: 50),
            "close captured 30 (30) lost 20 exceededHold",
            after: "0/0/30 7/0/0"
        ),
        CloseCase(
            "an ended grant still captures; what comes back is forfeited",
            [grant(1, "0/30/0/5", endsAt: 99)],
            row: row("1:30"),
            settlement("1:30", charge: 10),
            "close captured 10 (10) lost 0",
            after: "0/0/10/25",
            entries: "expiry 1:-20"
        ),
        CloseCase(
            "so does an inactive one",
            [grant(1, "0/30/0", isActive: false)],
            row: row("1:30"),
            settlement("1:30", charge: 10),
            "close captured 10 (10) lost 0",
            after: "0/0/10/20",
            entries: "deactivation 1:-20"
        ),
        CloseCase(
            "a pending clawback eats what comes back first",
            [grant(1, "0/30/0/0/15")],
            row: row("1:30"),
            settlement("1:30", charge: 10),
            "close captured 10 (10) lost 0",
            after: "5/0/10/15"
        ),
        CloseCase(
            "and waits for more if that was not enough",
            [grant(1, "0/30/0/0/25")],
            row: row("1:20"),
            settlement("1:20", charge: 10),
            "close captured 10 (10) lost 0",
            after: "0/10/10/10/15"
        ),
        CloseCase(
            "a free call",
            [grant(1, "5/0/0")],
            row: row("1:0"),
            settlement("1:0", charge: 0),
            "close captured 0 (0) lost 0",
            after: "5/0/0"
        ),
        CloseCase(
            "an admission voided without parts",
            [grant(1, "5/0/0")],
            row: row("", .open),
            settlement("1:5", charge: nil),
            "close voided 0 (0) lost 0",
            after: "5/0/0"
        ),
        CloseCase(
            "the same settlement again does nothing",
            [grant(1, "20/0/10")],
            row: row("1:30", .captured, charge: 10),
            settlement("1:30", charge: 10),
            "none captured 10 (0) lost 0",
            after: "20/0/10"
        ),
        CloseCase(
            "nor does another outcome of a closed call",
            [grant(1, "30/0/0")],
            row: row("1:30", .voided),
            settlement("1:30", charge: 10),
            "none voided 0 (0) lost 0",
            after: "30/0/0"
        ),
    ]

    static let corrections: [CloseCase] = [
        CloseCase(
            "the policy charged too much: back to the grant",
            [grant(1, "0/0/30")],
            row: row("1:30", .captured, flags: byPolicy, charge: 30),
            settlement("1:30", charge: 10),
            "correct captured 10 (-20) lost 0 corrected",
            after: "20/0/10",
            entries: "correction 1:-20"
        ),
        CloseCase(
            "the call turned out void",
            [grant(1, "0/0/30")],
            row: row("1:30", .captured, flags: byPolicy, charge: 30),
            settlement("1:30", charge: nil),
            "correct voided 0 (-30) lost 0 corrected",
            after: "30/0/0",
            entries: "correction 1:-30"
        ),
        CloseCase(
            "last filled, first given back; the key's limit all of it",
            [grant(1, "0/0/30"), grant(2, "15/0/5")],
            keys: [limit(1, "0/0/35")],
            row: row("1:30 2:20 key1:50", .captured, flags: byPolicy, charge: 35),
            settlement("1:30 2:20 key1:50", charge: 28),
            "correct captured 28 (-7) lost 0 corrected",
            after: "2/0/28 20/0/0 7/0/28",
            entries: "correction 1:-2, correction 2:-5, correction key1:-7"
        ),
        CloseCase(
            "an ended grant's money goes to the quota's current one",
            [grant(1, "0/0/30", endsAt: 99), grant(2, "5/0/0", startsAt: 99)],
            row: row("1:30", .captured, flags: byPolicy, charge: 30),
            settlement("1:30", charge: 10),
            "correct captured 10 (-20) lost 0 corrected",
            after: "0/0/10/20 25/0/0",
            entries: "correction 1:-20, expiry 1:-20, carryOver 2:20"
        ),
        CloseCase(
            "not to another quota's, nor to one that has not begun",
            [grant(1, "0/0/30", endsAt: 99), grant(2, "5/0/0", quota: 2), grant(3, "5/0/0", startsAt: 101)],
            row: row("1:30", .captured, flags: byPolicy, charge: 30),
            settlement("1:30", charge: 10),
            "correct captured 10 (-20) lost 0 corrected",
            after: "0/0/10/20 5/0/0 5/0/0",
            entries: "correction 1:-20, expiry 1:-20"
        ),
        CloseCase(
            "a clawback eats of what is given back",
            [grant(1, "0/0/30/0/15")],
            row: row("1:30", .captured, flags: byPolicy, charge: 30),
            settlement("1:30", charge: 10),
            "correct captured 10 (-20) lost 0 corrected",
            after: "5/0/10/15",
            entries: "correction 1:-20"
        ),
        CloseCase(
            "the policy charged too little: more from the hold's grant",
            [grant(1, "25/0/5")],
            row: row("1:30", .captured, flags: byPolicy, charge: 5),
            settlement("1:30", charge: 20),
            "correct captured 20 (15) lost 0 corrected",
            after: "10/0/20",
            entries: "correction 1:15"
        ),
        CloseCase(
            "then from the group's other usable grants, soonest end first",
            [
                grant(1, "5/0/5"), grant(2, "3/0/0", quota: 2, endsAt: 300), grant(3, "4/0/0", quota: 3, endsAt: 200),
                grant(4, "90/0/0", quota: 4, endsAt: 99),
            ],
            row: row("1:30", .captured, flags: byPolicy, charge: 5),
            settlement("1:30", charge: 16),
            "correct captured 16 (11) lost 0 corrected",
            after: "0/0/10 1/0/2 0/0/4 90/0/0",
            entries: "correction 1:5, correction 3:4, correction 2:2"
        ),
        CloseCase(
            "what is found nowhere is the provider's loss",
            [grant(1, "5/0/5")],
            row: row("1:30", .captured, flags: byPolicy, charge: 5),
            settlement("1:30", charge: 30),
            "correct captured 10 (5) lost 20 corrected unfunded",
            after: "0/0/10",
            entries: "correction 1:5"
        ),
        CloseCase(
            "nothing is found at all: still the call's one correction",
            [grant(1, "0/0/5")],
            row: row("1:30", .captured, flags: byPolicy, charge: 5),
            settlement("1:30", charge: 30),
            "correct captured 5 (0) lost 25 corrected unfunded",
            after: "0/0/5"
        ),
        CloseCase(
            "the key's limit bounds it too",
            [grant(1, "25/0/5")],
            keys: [limit(1, "3/0/5")],
            row: row("1:30 key1:30", .captured, flags: byPolicy, charge: 5),
            settlement("1:30 key1:30", charge: 20),
            "correct captured 8 (3) lost 12 corrected unfunded",
            after: "22/0/8 0/0/8",
            entries: "correction 1:3, correction key1:3"
        ),
        CloseCase(
            "never beyond the hold, whatever is available",
            [grant(1, "99/0/5")],
            row: row("1:30", .captured, flags: byPolicy, charge: 5),
            settlement("1:30", charge: 70),
            "correct captured 30 (25) lost 40 exceededHold corrected",
            after: "74/0/30",
            entries: "correction 1:25"
        ),
        CloseCase(
            "a policy's void is corrected to the charge",
            [grant(1, "30/0/0")],
            row: row("1:30", .voided, flags: byPolicy),
            settlement("1:30", charge: 20),
            "correct captured 20 (20) lost 0 corrected",
            after: "10/0/20",
            entries: "correction 1:20"
        ),
        CloseCase(
            "the policy was right: corrected by nothing, but never again",
            [grant(1, "10/0/20")],
            row: row("1:30", .captured, flags: byPolicy, charge: 20),
            settlement("1:30", charge: 20),
            "correct captured 20 (0) lost 0 corrected",
            after: "10/0/20"
        ),
        CloseCase(
            "at most one correction a call",
            [grant(1, "20/0/10")],
            row: row("1:30", .captured, flags: [byPolicy, .corrected], charge: 30, correction: -20),
            settlement("1:30", charge: 25),
            "none captured 10 (0) lost 0",
            after: "20/0/10"
        ),
        // A refund is a gift: a later correction moves the charge, not the gift.
        CloseCase(
            "what was refunded meanwhile stays refunded",
            [grant(1, "4/0/26")],
            row: row("1:30", .captured, flags: byPolicy, charge: 30, refunded: 4),
            settlement("1:30", charge: 27),
            "correct captured 23 (-3) lost 0 corrected",
            after: "7/0/23",
            entries: "correction 1:-3"
        ),
        CloseCase(
            "but it cannot go below nothing",
            [grant(1, "24/0/6")],
            row: row("1:30", .captured, flags: byPolicy, charge: 30, refunded: 24),
            settlement("1:30", charge: nil),
            "correct voided 0 (-6) lost 0 corrected",
            after: "30/0/0",
            entries: "correction 1:-6"
        ),
    ]

    static let orphans: [CloseCase] = [
        CloseCase(
            "absent: captured from what its grants have",
            [grant(1, "50/0/0")],
            row: nil,
            settlement("1:30", charge: 10),
            "insert captured 10 (10) lost 0 orphan",
            after: "40/0/10"
        ),
        CloseCase(
            "the rest is the provider's loss",
            [grant(1, "3/0/0"), grant(2, "4/0/0")],
            row: nil,
            settlement("1:30 2:10", charge: 10),
            "insert captured 7 (7) lost 3 orphan unfunded",
            after: "0/0/3 0/0/4"
        ),
        // The part was 5, but the grant can give all: the charge is within the hold.
        CloseCase(
            "a grant may give more than its part",
            [grant(1, "0/0/9"), grant(2, "50/0/0")],
            row: nil,
            settlement("1:30 2:5", charge: 20),
            "insert captured 20 (20) lost 0 orphan",
            after: "0/0/9 30/0/20"
        ),
        CloseCase(
            "only its own grants",
            [grant(1, "3/0/0"), grant(2, "90/0/0")],
            row: nil,
            settlement("1:30", charge: 10),
            "insert captured 3 (3) lost 7 orphan unfunded",
            after: "0/0/3 90/0/0"
        ),
        CloseCase(
            "a grant that is gone too",
            [grant(2, "90/0/0")],
            row: nil,
            settlement("1:30", charge: 10),
            "insert captured 0 (0) lost 10 orphan unfunded",
            after: "90/0/0"
        ),
        CloseCase(
            "money of running holds is not touched",
            [grant(1, "0/90/0")],
            row: nil,
            settlement("1:30", charge: 10),
            "insert captured 0 (0) lost 10 orphan unfunded",
            after: "0/90/0"
        ),
        CloseCase(
            "the key's limit bounds it",
            [grant(1, "50/0/0")],
            keys: [limit(1, "6/0/0")],
            row: nil,
            settlement("1:30 key1:30", charge: 10),
            "insert captured 6 (6) lost 4 orphan unfunded",
            after: "44/0/6 0/0/6"
        ),
        CloseCase(
            "a voided orphan is written and takes nothing",
            [grant(1, "50/0/0")],
            row: nil,
            settlement("1:30", charge: nil),
            "insert voided 0 (0) lost 0 orphan",
            after: "50/0/0"
        ),
        CloseCase(
            "a charge beyond its own hold",
            [grant(1, "50/0/0")],
            row: nil,
            settlement("1:30", charge: 35, excess: 2),
            "insert captured 30 (30) lost 7 exceededHold orphan",
            after: "20/0/30"
        ),
    ]

    @Test("an open call closes once", arguments: ordinary)
    func closeOrdinary(_ row: CloseCase) throws { try check(row) }

    @Test("a settlement after a policy corrects, once", arguments: corrections)
    func closeCorrections(_ row: CloseCase) throws { try check(row) }

    @Test("a settlement without a row is written whole", arguments: orphans)
    func closeOrphans(_ row: CloseCase) throws { try check(row) }

    private func check(_ row: CloseCase) throws {
        var balances = try balances(row.grants, keys: row.keys)
        let closing = try balances.close(row.settlement, row: row.row, now: Self.now)
        #expect(describe(closing) == row.outcome)
        #expect(describe(balances, row) == row.after)
        #expect(text(closing.entries) == row.entries)
        if closing.action == .insert {
            var captured = Money.zero
            for part in closing.parts {
                if case .grant = part.lane { captured = captured.saturatingAdding(part.amount) }
            }
            #expect(captured == closing.charge, "an orphan's parts say where its charge came from")
        }
    }

    // MARK: - Policies, voids, refunds

    @Test(
        "a policy closes what nobody knows the end of",
        arguments: [
            (
                UncertainPolicy.chargeInput, 12, 10_000, "close captured 12 (12) lost 0 estimated chargedByPolicy",
                "18/0/12"
            ),
            // 12 × 1.25 = 15; × 9 is beyond the hold.
            (.chargeInput, 12, 12_500, "close captured 15 (15) lost 0 estimated chargedByPolicy", "15/0/15"),
            (.chargeInput, 12, 90_000, "close captured 30 (30) lost 0 estimated chargedByPolicy", "0/0/30"),
            (.chargeInput, .max, 10_000_000, "close captured 30 (30) lost 0 estimated chargedByPolicy", "0/0/30"),
            (.chargeInput, -5, 10_000, "close captured 0 (0) lost 0 estimated chargedByPolicy", "30/0/0"),
            (.chargeHold, 12, 10_000, "close captured 30 (30) lost 0 chargedByPolicy", "0/0/30"),
            (.void, 12, 10_000, "close voided 0 (0) lost 0 chargedByPolicy", "30/0/0"),
        ] as [(UncertainPolicy, Int64, Int64, String, String)]
    )
    func policies(policy: UncertainPolicy, estimate: Int64, basisPoints: Int64, outcome: String, after: String) throws {
        for state in [CallState.open, .uncertain] {
            var balances = try balances([grant(1, "0/30/0")])
            let locked = row("1:30", state, estimate: estimate, multiplier: try Multiplier(basisPoints: basisPoints))
            let closing = try balances.resolve(locked, by: policy, now: Self.now)
            #expect(describe(closing) == outcome)
            #expect(balances[GrantID(1)]?.balance.pots == after)
        }
    }

    @Test("policies and voids leave closed calls alone", arguments: [CallState.captured, .voided])
    func closed(state: CallState) throws {
        var balances = try balances([grant(1, "9/9/21")])
        let locked = row("1:30", state, charge: state == .captured ? 21 : 0)
        for policy in UncertainPolicy.allCases {
            #expect(try balances.resolve(locked, by: policy, now: Self.now).action == .none)
        }
        #expect(try balances.void(locked, now: Self.now).action == .none)
        #expect(balances.changedGrants.isEmpty)
    }

    @Test("a void gives the hold back whole and is no policy: a settlement that follows finds the call closed")
    func void() throws {
        var balances = try balances([grant(1, "0/30/0")], keys: [limit(1, "0/30/0")])
        let closing = try balances.void(row("1:30 key1:30"), now: Self.now)
        #expect(describe(closing) == "close voided 0 (0) lost 0")
        #expect(balances[GrantID(1)]?.balance.pots == "30/0/0")
        #expect(balances[APIKeyID(1)]?.balance.pots == "30/0/0")
        let late = try balances.close(settlement("1:30", charge: 5), row: row("1:30", .voided), now: Self.now)
        #expect(late.action == .none)
    }

    @Test("a void that comes after a policy takes its charge back, once")
    func lateVoid() throws {
        var balances = try balances([grant(1, "0/0/30")])
        let locked = row("1:30", .captured, flags: byPolicy, charge: 30)
        let closing = try balances.void(locked, now: Self.now)
        #expect(describe(closing) == "correct voided 0 (-30) lost 0 corrected")
        #expect(text(closing.entries) == "correction 1:-30")
        #expect(balances[GrantID(1)]?.balance.pots == "30/0/0")
        let again = row("1:30", .voided, flags: [byPolicy, .corrected], charge: 30, correction: -30)
        #expect(try balances.void(again, now: Self.now).action == .none)
    }

    @Test(
        "a refund gives back at most what the call was charged",
        arguments: [
            (20, 0, 5, "refund 2:-5", "0/0/15 5/0/0"),
            (20, 0, 20, "refund 1:-15, refund 2:-5", "15/0/0 5/0/0"),
            (20, 5, 15, "refund 1:-15", "15/0/0 0/0/5"),
        ] as [(Int64, Int64, Int64, String, String)]
    )
    func refunds(charge: Int64, refunded: Int64, amount: Int64, entries: String, after: String) throws {
        var balances = try balances([grant(1, "0/0/15"), grant(2, "0/0/5")])
        let locked = row("1:15 2:15", .captured, charge: charge, refunded: refunded)
        #expect(text(try balances.refund(Money(amount), of: locked, now: Self.now)) == entries)
        #expect([1, 2].compactMap { balances[GrantID($0)]?.balance.pots }.joined(separator: " ") == after)
    }

    @Test("a refund of an ended grant's money goes to the quota's current grant")
    func refundCarriesOver() throws {
        var balances = try balances([grant(1, "0/0/15", endsAt: 99), grant(2, "0/0/0/0/4", startsAt: 99)])
        let entries = try balances.refund(Money(10), of: row("1:15", .captured, charge: 15), now: Self.now)
        #expect(text(entries) == "refund 1:-10, expiry 1:-10, carryOver 2:10")
        #expect(balances[GrantID(1)]?.balance.pots == "0/0/5/10")
        // The new period's clawback eats of it first.
        #expect(balances[GrantID(2)]?.balance.pots == "6/0/0/4")
    }

    @Test(
        "a refund that cannot be is refused and moves nothing",
        arguments: [
            (21, 20, 0, .captured, .exceedsCaptured), (1, 20, 20, .captured, .exceedsCaptured),
            (.max, 20, 0, .captured, .exceedsCaptured), (0, 20, 0, .captured, .invalidAmount),
            (-1, 20, 0, .captured, .invalidAmount), (1, 0, 0, .open, .exceedsCaptured),
            (1, 0, 0, .voided, .exceedsCaptured),
            // The row says more than its grant ever captured.
            (20, 20, 0, .captured, .exceedsCaptured),
        ] as [(Int64, Int64, Int64, CallState, LedgerError)]
    )
    func refusedRefunds(amount: Int64, charge: Int64, refunded: Int64, state: CallState, error: LedgerError) throws {
        var balances = try balances([grant(1, "0/30/14"), grant(2, "0/0/5")])
        let locked = row("1:15 2:15", state, charge: charge, refunded: refunded)
        #expect(throws: error) { try balances.refund(Money(amount), of: locked, now: Self.now) }
        #expect(balances.changedGrants.isEmpty)
    }

    @Test("a carry-over beyond Int64 stays forfeited on the old grant")
    func brimful() throws {
        var balances = try balances([grant(1, "0/0/15", endsAt: 99), grant(2, "9223372036854775800/0/0", startsAt: 99)])
        let entries = try balances.refund(Money(10), of: row("1:15", .captured, charge: 15), now: Self.now)
        #expect(text(entries) == "refund 1:-10, expiry 1:-10")
        #expect(balances[GrantID(1)]?.balance.pots == "0/0/5/10")
    }

    // MARK: - Rows that contradict each other

    @Test(
        "contradictions are said, and nothing moves",
        arguments: [
            ("1:31", LedgerError.unbalanced(.grant(GrantID(1)))), ("9:1", .unknownLane(.grant(GrantID(9)))),
            ("1:5 key9:5", .unknownLane(.key(APIKeyID(9)))), ("1:5 key1:6", .unbalanced(.key(APIKeyID(1)))),
            ("1:15 1:15", .malformedParts(intent().id)), ("1:-5", .malformedParts(intent().id)),
            ("1:5 key1:4", .malformedParts(intent().id)),
            ("1:9223372036854775807 2:1", .malformedParts(intent().id)),
        ] as [(String, LedgerError)]
    )
    func contradictions(holds: String, error: LedgerError) throws {
        var balances = try balances([grant(1, "50/30/0"), grant(2, "50/30/0")], keys: [limit(1, "50/5/0")])
        let locked = row(holds)
        #expect(throws: error) { try balances.close(settlement("1:30", charge: 5), row: locked, now: Self.now) }
        #expect(throws: error) { try balances.resolve(locked, by: .chargeHold, now: Self.now) }
        #expect(throws: error) { try balances.resolve(locked, by: .void, now: Self.now) }
        #expect(throws: error) { try balances.void(locked, now: Self.now) }
        #expect(balances.changedGrants.isEmpty && balances.changedKeyLimits.isEmpty)
    }

    @Test(
        "an orphan's parts that contradict themselves are not written",
        arguments: [
            "1:-5", "1:5 1:5", "1:5 key1:5 key1:5", "1:5 key1:4", "1:9223372036854775807 2:1",
        ]
    )
    func nonsense(holds: String) throws {
        var balances = try balances([grant(1, "50/30/0"), grant(2, "5/0/0")], keys: [limit(1, "50/5/0")])
        #expect(throws: LedgerError.malformedParts(intent().id)) {
            try balances.close(settlement(holds, charge: 5), row: nil, now: Self.now)
        }
        #expect(balances.changedGrants.isEmpty && balances.changedKeyLimits.isEmpty)
    }

    private func describe(_ closing: Closing) -> String {
        let names: [(BillFlags, String)] = [
            (.estimated, "estimated"), (.exceededHold, "exceededHold"), (.chargedByPolicy, "chargedByPolicy"),
            (.corrected, "corrected"), (.orphan, "orphan"), (.unfunded, "unfunded"),
        ]
        let flags = names.filter { closing.flags.contains($0.0) }.map { " \($0.1)" }.joined()
        let money = [closing.charge, closing.chargeDelta, closing.excess].map(\.picoDollars)
        return "\(closing.action) \(closing.state) \(money[0]) (\(money[1])) lost \(money[2])\(flags)"
    }

    private func describe(_ balances: Balances, _ row: CloseCase) -> String {
        let grants = row.grants.compactMap { balances[$0.id]?.balance.pots }
        let keys = row.keys.compactMap { balances[$0.keyID]?.balance.pots }
        return (grants + keys).joined(separator: " ")
    }
}
