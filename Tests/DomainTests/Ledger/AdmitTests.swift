import Testing

@testable import Domain

/// One decision: what is there, what is asked, what comes of it.
struct AdmitCase: Sendable, CustomTestStringConvertible {
    let name: String
    let grants: [Grant]
    var keys: [KeyLimit] = []
    let candidates: [Candidate]
    var limited = false
    /// `group → parts @limit`, or the refusal's name.
    let outcome: String

    init(
        _ name: String,
        _ grants: [Grant],
        keys: [KeyLimit] = [],
        _ candidates: [Candidate],
        limited: Bool = false,
        _ outcome: String
    ) {
        self.name = name
        self.grants = grants
        self.keys = keys
        self.candidates = candidates
        self.limited = limited
        self.outcome = outcome
    }

    var testDescription: String { name }
}

@Suite("Admitting")
struct AdmitTests {
    private static let now = Instant(100)

    static let cases: [AdmitCase] = [
        AdmitCase("exactly what is there fits", [grant(1, "50/0/0")], [candidate(fixed: 50)], "1 → 1:50 @0"),
        AdmitCase("one pico-dollar less does not", [grant(1, "49/0/0")], [candidate(fixed: 50)], "insufficientQuota"),
        AdmitCase("no grant at all", [], [candidate(fixed: 0)], "insufficientQuota"),
        AdmitCase("no candidates", [grant(1, "50/0/0")], [], "insufficientQuota"),
        AdmitCase("somebody else's grant", [grant(1, "50/0/0", user: 2)], [candidate(fixed: 1)], "insufficientQuota"),
        AdmitCase("another group's grant", [grant(1, "50/0/0", group: 2)], [candidate(fixed: 1)], "insufficientQuota"),
        AdmitCase("not begun", [grant(1, "50/0/0", startsAt: 101)], [candidate(fixed: 1)], "insufficientQuota"),
        AdmitCase("begins now", [grant(1, "50/0/0", startsAt: 100)], [candidate(fixed: 1)], "1 → 1:1 @0"),
        // At its end the next period begins: the end itself is outside.
        AdmitCase("ends now", [grant(1, "50/0/0", endsAt: 100)], [candidate(fixed: 1)], "insufficientQuota"),
        AdmitCase("ends next", [grant(1, "50/0/0", endsAt: 101)], [candidate(fixed: 1)], "1 → 1:1 @0"),
        AdmitCase("inactive", [grant(1, "50/0/0", isActive: false)], [candidate(fixed: 1)], "insufficientQuota"),

        AdmitCase(
            "soonest-expiring grant first, whatever the order of loading",
            [grant(1, "50/0/0"), grant(2, "50/0/0", endsAt: 300), grant(3, "50/0/0", endsAt: 200)],
            [candidate(fixed: 20)],
            "1 → 3:20 @0"
        ),
        AdmitCase(
            "a hold spans grants in order of expiry; an empty one gets no part",
            [grant(1, "50/0/0"), grant(2, "0/9/0", endsAt: 150), grant(3, "30/0/0", endsAt: 200)],
            [candidate(fixed: 60)],
            "1 → 3:30 1:30 @0"
        ),
        AdmitCase(
            "it does not span users, groups or ended grants",
            [
                grant(1, "30/0/0"), grant(2, "30/0/0", group: 2), grant(3, "30/0/0", endsAt: 99),
                grant(4, "30/0/0", user: 2),
            ],
            [candidate(fixed: 31)],
            "insufficientQuota"
        ),
        AdmitCase(
            "equal ends go by id",
            [grant(2, "5/0/0", endsAt: 200), grant(1, "5/0/0", endsAt: 200)],
            [candidate(fixed: 7)],
            "1 → 1:5 2:2 @0"
        ),

        AdmitCase(
            "the group whose money expires first",
            [grant(1, "50/0/0", group: 1), grant(2, "50/0/0", group: 2, endsAt: 200)],
            [candidate(1, fixed: 10), candidate(2, fixed: 20)],
            "2 → 2:20 @0"
        ),
        AdmitCase(
            "of equals the first candidate",
            [grant(1, "50/0/0", group: 1), grant(2, "50/0/0", group: 2)],
            [candidate(2, fixed: 10), candidate(1, fixed: 10)],
            "2 → 2:10 @0"
        ),
        AdmitCase(
            "one that does not fit is passed over, however soon it expires",
            [grant(1, "50/0/0", group: 1), grant(2, "9/0/0", group: 2, endsAt: 200)],
            [candidate(2, fixed: 10), candidate(1, fixed: 10)],
            "1 → 1:10 @0"
        ),
        // Group 1's grant that ends at 150 is empty: no money of it is at risk.
        AdmitCase(
            "an empty grant's end counts for nothing",
            [grant(1, "0/0/9", endsAt: 150), grant(2, "50/0/0"), grant(3, "50/0/0", group: 2, endsAt: 200)],
            [candidate(1, fixed: 10), candidate(2, fixed: 10)],
            "2 → 3:10 @0"
        ),
        AdmitCase(
            "a group whose whole bound fits goes before a clamped one that expires sooner",
            [grant(1, "50/0/0", group: 1, endsAt: 150), grant(2, "100/0/0", group: 2)],
            [
                candidate(1, fixed: 0, perToken: 1, limit: 80, lowest: 10),
                candidate(2, fixed: 0, perToken: 1, limit: 80),
            ],
            "2 → 2:80 @80"
        ),

        AdmitCase(
            "a call that costs nothing still needs a usable grant and gets a lane",
            [grant(1, "0/0/7"), grant(2, "0/0/0", endsAt: 300)],
            [candidate(fixed: 0)],
            "1 → 2:0 @0"
        ),
        AdmitCase(
            "free output has no limit to lower",
            [grant(1, "10/0/0")],
            [candidate(fixed: 10, perToken: 0, limit: .max, lowest: 256)],
            "1 → 1:10 @9223372036854775807"
        ),

        AdmitCase(
            "the output limit is lowered to the most that fits",
            [grant(1, "59/0/0")],
            [candidate(fixed: 10, perToken: 5, limit: 100, lowest: 3)],
            "1 → 1:55 @9 clamped"
        ),
        AdmitCase(
            "down to the lowest",
            [grant(1, "25/0/0")],
            [candidate(fixed: 10, perToken: 5, limit: 100, lowest: 3)],
            "1 → 1:25 @3 clamped"
        ),
        AdmitCase(
            "never below it",
            [grant(1, "24/0/0")],
            [candidate(fixed: 10, perToken: 5, limit: 100, lowest: 3)],
            "insufficientQuota"
        ),
        AdmitCase(
            "the key's limit clamps too",
            [grant(1, "500/0/0")],
            keys: [limit(1, "40/0/0")],
            [candidate(fixed: 10, perToken: 5, limit: 50, lowest: 3)],
            limited: true,
            "1 → 1:40 key1:40 @6 clamped"
        ),
        AdmitCase(
            "a bound beyond Int64 is only a bound that does not fit",
            [grant(1, "100/0/0")],
            [candidate(fixed: 1, perToken: .max, limit: .max)],
            "insufficientQuota"
        ),
        AdmitCase(
            "and may be clamped to one that does",
            [grant(1, "9/0/0")],
            [
                candidate(fixed: .max, perToken: .max, limit: .max),
                candidate(fixed: 1, perToken: 2, limit: .max, lowest: 2),
            ],
            "1 → 1:9 @4 clamped"
        ),
        AdmitCase(
            "a lowest limit above the limit is the limit",
            [grant(1, "9/0/0")],
            [candidate(fixed: 0, perToken: 1, limit: 9, lowest: 99)],
            "1 → 1:9 @9"
        ),
        AdmitCase(
            "negative quotes are no gifts",
            [grant(1, "9/0/0")],
            [
                candidate(fixed: -5), candidate(fixed: 1, perToken: -1, limit: 5),
                candidate(fixed: 1, perToken: 1, limit: -1),
            ],
            "insufficientQuota"
        ),
        AdmitCase(
            "grants whose sum is beyond Int64",
            [grant(1, "9223372036854775807/0/0", endsAt: 200), grant(2, "9223372036854775807/0/0")],
            [candidate(fixed: .max)],
            "1 → 1:9223372036854775807 @0"
        ),
        AdmitCase(
            "even together they hold no more than one amount",
            [grant(1, "9223372036854775807/0/0", endsAt: 200), grant(2, "9223372036854775807/0/0")],
            [candidate(fixed: .max, perToken: 1, limit: 1)],
            "insufficientQuota"
        ),

        AdmitCase("waiting helps", [grant(1, "10/40/0")], [candidate(fixed: 50)], "heldByRunningCalls"),
        AdmitCase("waiting cannot help", [grant(1, "10/39/900")], [candidate(fixed: 50)], "insufficientQuota"),
        AdmitCase(
            "whether waiting helps goes by the lowest bound",
            [grant(1, "10/15/0")],
            [candidate(fixed: 10, perToken: 5, limit: 100, lowest: 3)],
            "heldByRunningCalls"
        ),
        // What these holds give back is taken at once.
        AdmitCase("holds under a clawback", [grant(1, "0/50/0/0/10")], [candidate(fixed: 50)], "insufficientQuota"),
        AdmitCase("its remainder", [grant(1, "0/60/0/0/10")], [candidate(fixed: 50)], "heldByRunningCalls"),
        AdmitCase(
            "holds of an ended grant come back to nobody",
            [grant(1, "0/50/0", endsAt: 100), grant(2, "10/0/0")],
            [candidate(fixed: 50)],
            "insufficientQuota"
        ),
        AdmitCase(
            "one candidate worth waiting for is enough",
            [grant(1, "0/0/9", group: 1), grant(2, "10/40/0", group: 2)],
            [candidate(1, fixed: 50), candidate(2, fixed: 50)],
            "heldByRunningCalls"
        ),
        AdmitCase(
            "the key's limit is used up",
            [grant(1, "100/0/0")],
            keys: [limit(1, "9/0/91")],
            [candidate(fixed: 10)],
            limited: true,
            "keyLimitReached"
        ),
        AdmitCase(
            "the key's limit is held by running calls",
            [grant(1, "100/0/0")],
            keys: [limit(1, "9/1/90")],
            [candidate(fixed: 10)],
            limited: true,
            "heldByRunningCalls"
        ),
        AdmitCase(
            "both short: raising the key's limit alone would not help",
            [grant(1, "5/0/0")],
            keys: [limit(1, "5/0/0")],
            [candidate(fixed: 10)],
            limited: true,
            "insufficientQuota"
        ),
        AdmitCase(
            "grants held, key short for good",
            [grant(1, "5/5/0")],
            keys: [limit(1, "5/0/0")],
            [candidate(fixed: 10)],
            limited: true,
            "keyLimitReached"
        ),
        AdmitCase(
            "a limit that was not loaded is not a missing limit",
            [grant(1, "100/0/0")],
            [candidate(fixed: 1)],
            limited: true,
            "keyLimitReached"
        ),
        AdmitCase(
            "a key without a limit ignores a stale one",
            [grant(1, "100/0/0")],
            keys: [limit(1, "0/0/0")],
            [candidate(fixed: 1)],
            "1 → 1:1 @0"
        ),
    ]

    @Test("decides", arguments: cases)
    func decides(_ row: AdmitCase) throws {
        var balances = try balances(row.grants, keys: row.keys)
        let admission = balances.admit(request(row.candidates, hasSpendingLimit: row.limited), now: Self.now)
        #expect(describe(admission) == row.outcome)
        guard case .held(let hold) = admission else {
            #expect(balances.changedGrants.isEmpty && balances.changedKeyLimits.isEmpty, "a refusal writes nothing")
            return
        }
        for part in hold.parts {
            switch part.lane {
            case .grant(let id):
                let before = try #require(row.grants.first { $0.id == id })
                let after = try #require(balances[id])
                #expect(after.held.picoDollars == before.held.picoDollars + part.amount.picoDollars)
                #expect(after.available.picoDollars == before.available.picoDollars - part.amount.picoDollars)
                #expect(after.balance.isConserved)
            case .key(let id):
                #expect(part.amount == hold.amount, "a key's limit bears the whole hold")
                #expect(balances[id]?.balance.isConserved == true)
            }
        }
    }

    @Test("a quota of exactly k holds admits k of many; one pico-dollar less, k - 1", arguments: [(700, 7), (699, 6)])
    func exactly(funds: Int64, count: Int) throws {
        var balances = try balances([grant(1, "\(funds)/0/0")])
        var held = 0
        for number in 0..<1_000 {
            switch balances.admit(request([candidate(fixed: 100)], number: UInt64(number)), now: Self.now) {
            case .held: held += 1
            case .refused(let refusal): #expect(refusal == .heldByRunningCalls)
            case .unavailable: Issue.record("the ledger is never unavailable")
            }
        }
        #expect(held == count)
        #expect(balances.changedGrants.count == 1)
    }

    @Test("a batch is decided in the order of arrival")
    func order() throws {
        var balances = try balances([grant(1, "50/0/0")])
        let outcomes = [40, 20, 10].map { amount in
            describe(balances.admit(request([candidate(fixed: amount)]), now: Self.now))
        }
        // The second does not fit; that is no reason to keep the third from what is left.
        #expect(outcomes == ["1 → 1:40 @0", "heldByRunningCalls", "1 → 1:10 @0"])
    }

    @Test("a row that does not add up is not touched", arguments: ["-1/1/0", "5/-5/0", "5/0/0/-1", "5/0/0/0/-1"])
    func unbalanced(pots: String) {
        var balances = Balances()
        #expect(throws: LedgerError.unbalanced(.grant(GrantID(1)))) { try balances.load(grant(1, pots)) }
        #expect(throws: LedgerError.unbalanced(.key(APIKeyID(1)))) { try balances.load(limit(1, pots)) }
        let short = Balance(funded: Money(9), available: Money(8))
        #expect(!short.isConserved)
        let wrapping = Balance(funded: Money(-2), available: Money(.max), held: Money(.max))
        #expect(!wrapping.isConserved)
    }

    @Test("a row loaded twice keeps what happened since")
    func twice() throws {
        var balances = try balances([grant(1, "50/0/0")], keys: [limit(1, "50/0/0")])
        _ = balances.admit(request([candidate(fixed: 20)], hasSpendingLimit: true), now: Self.now)
        try balances.load(grant(1, "50/0/0"))
        try balances.load(limit(1, "50/0/0"))
        #expect(balances[GrantID(1)]?.balance.pots == "30/20/0")
        #expect(balances[APIKeyID(1)]?.balance.pots == "30/20/0")
    }

    @Test("changed rows come by id, with what was read")
    func changes() throws {
        var balances = try balances([grant(3, "5/0/0", endsAt: 200), grant(1, "5/0/0"), grant(2, "5/0/0", group: 2)])
        _ = balances.admit(request([candidate(fixed: 7)]), now: Self.now)
        #expect(balances.changedGrants.map(\.after.id) == [GrantID(1), GrantID(3)])
        #expect(balances.changedGrants.map(\.before.balance.pots) == ["5/0/0", "5/0/0"])
        #expect(balances.changedGrants.map(\.after.balance.pots) == ["3/2/0", "0/5/0"])
    }

    private func describe(_ admission: Admission) -> String {
        switch admission {
        case .held(let hold):
            "\(hold.groupID) → \(text(hold.parts)) @\(hold.outputLimit)\(hold.isClamped ? " clamped" : "")"
        case .refused(let refusal): "\(refusal)"
        case .unavailable: "unavailable"
        }
    }
}
