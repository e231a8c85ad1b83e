import Domain
import Testing

@Suite("what is due of a quota") struct QuotaAlertsTests {
    private static let hour: Int64 = 3_600_000_000
    private static let rules = AlertRules()

    /// A period of thirty days that began at 0.
    static func grant(
        used: Int64,
        available: Int64,
        held: Int64 = 0,
        forfeited: Int64 = 0,
        endsAt: Int64? = nil,
        isActive: Bool = true
    ) -> Grant {
        Grant(
            id: GrantID(1),
            quotaID: QuotaID(7),
            userID: UserID(3),
            groupID: ModelGroupID(1),
            ordinal: 2,
            startsAt: Instant(microseconds: 0),
            endsAt: endsAt.map { Instant(microseconds: $0 * hour) },
            isActive: isActive,
            balance: Balance(
                funded: Money(picoDollars: used + available + held + forfeited),
                available: Money(picoDollars: available),
                held: Money(picoDollars: held),
                captured: Money(picoDollars: used),
                forfeited: Money(picoDollars: forfeited)
            )
        )
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let grant: Grant
        var raised: [RaisedAlert] = []
        var atHour: Int64 = 100
        var renews = false
        /// `kind threshold round`, with `!` where it is told.
        let due: [String]

        var testDescription: String { name }
    }

    private static func used(_ threshold: Int64, _ amount: Int64, of total: Int64, round: Int64 = 1) -> RaisedAlert {
        RaisedAlert(
            kind: .quotaThreshold,
            threshold: threshold,
            round: round,
            amount: Money(picoDollars: amount),
            total: Money(picoDollars: total),
            at: nil
        )
    }

    private static func ending(_ hours: Int64, at end: Int64) -> RaisedAlert {
        RaisedAlert(
            kind: .quotaExpiry,
            threshold: hours,
            round: 1,
            amount: Money(picoDollars: 1),
            total: Money(picoDollars: 1),
            at: Instant(microseconds: end * hour)
        )
    }

    static let cases = [
        Case(name: "just below the first step", grant: grant(used: 79, available: 21), due: []),
        Case(name: "on the first step", grant: grant(used: 80, available: 20), due: ["quota_threshold 80 1!"]),
        Case(name: "what is held is not used", grant: grant(used: 79, available: 0, held: 21), due: []),
        Case(
            name: "what was taken back counts in no total",
            grant: grant(used: 40, available: 10, forfeited: 50),
            due: ["quota_threshold 80 1!"]
        ),
        Case(
            name: "all at once: each is raised, the gravest is told",
            grant: grant(used: 100, available: 0),
            due: ["quota_threshold 80 1", "quota_threshold 95 1", "quota_threshold 100 1!"]
        ),
        Case(
            name: "once a period",
            grant: grant(used: 90, available: 10),
            raised: [used(80, 80, of: 100)],
            due: []
        ),
        Case(
            name: "a top-up that leaves the step passed",
            grant: grant(used: 90, available: 11),
            raised: [used(80, 85, of: 100)],
            due: []
        ),
        Case(
            name: "a top-up below the step and on to it again",
            grant: grant(used: 160, available: 40),
            raised: [used(80, 85, of: 100)],
            due: ["quota_threshold 80 2!"]
        ),
        Case(
            name: "the newest round counts",
            grant: grant(used: 170, available: 30),
            raised: [used(80, 85, of: 100), used(80, 160, of: 200, round: 2)],
            due: []
        ),
        Case(
            name: "a reduction and a top-up to what it was",
            grant: grant(used: 85, available: 15),
            raised: [used(80, 80, of: 100)],
            due: []
        ),
        Case(name: "nothing was granted", grant: grant(used: 0, available: 0), due: []),
        Case(name: "inactive", grant: grant(used: 100, available: 0, isActive: false), due: []),
        Case(name: "has ended", grant: grant(used: 80, available: 20, endsAt: 100), due: []),
        Case(
            name: "sums that no Int64 holds",
            grant: grant(used: Int64.max / 2, available: 1),
            due: ["quota_threshold 80 1", "quota_threshold 95 1!"]
        ),
        Case(name: "eight days before its end", grant: grant(used: 0, available: 1, endsAt: 292), due: []),
        Case(
            name: "a week before its end",
            grant: grant(used: 0, available: 1, endsAt: 268),
            due: ["quota_expiry 168 1!"]
        ),
        Case(
            name: "hours before its end: the nearest is told",
            grant: grant(used: 0, available: 1, endsAt: 110),
            due: ["quota_expiry 24 1!"]
        ),
        Case(
            name: "both leads at once",
            grant: grant(used: 0, available: 1, endsAt: 720),
            atHour: 700,
            due: ["quota_expiry 24 1!", "quota_expiry 168 1"]
        ),
        Case(
            name: "nothing is left to be lost",
            grant: grant(used: 5, available: 0, endsAt: 110),
            due: [
                "quota_threshold 80 1", "quota_threshold 95 1", "quota_threshold 100 1!",
            ]
        ),
        Case(
            name: "its end came nearer",
            grant: grant(used: 0, available: 1, endsAt: 260),
            raised: [ending(168, at: 268)],
            due: []
        ),
        Case(
            name: "its end was moved later and comes near again",
            grant: grant(used: 0, available: 1, endsAt: 400),
            raised: [ending(168, at: 268)],
            atHour: 300,
            due: ["quota_expiry 168 2!"]
        ),
        Case(
            name: "what renews itself ends as it was meant to",
            grant: grant(used: 0, available: 1, endsAt: 268),
            renews: true,
            due: []
        ),
    ]

    @Test("a step comes once a period, and again only after more money or time", arguments: cases)
    func table(_ row: Case) {
        let alerts = QuotaAlerts.due(
            row.grant,
            name: "default",
            renews: row.renews,
            raised: row.raised,
            rules: Self.rules,
            now: Instant(microseconds: row.atHour * Self.hour)
        )
        let told = alerts.map { "\($0.kind.rawValue) \($0.threshold) \($0.round)\($0.isTold ? "!" : "")" }
        #expect(told == row.due)
        #expect(alerts.allSatisfy { $0.subject == 7 && $0.period == 2 && $0.userID == UserID(3) })
    }
}
