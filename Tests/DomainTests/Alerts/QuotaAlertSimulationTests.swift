import Domain
import Testing

@Suite("quota alerts over random lives") struct QuotaAlertSimulationTests {
    /// Rows as the database has them: what is there is not there twice.
    private struct History {
        struct Key: Hashable {
            let kind: AlertKind
            let period: Int64
            let threshold: Int64
            let round: Int64
        }

        private(set) var rows: [Key: Alert] = [:]

        mutating func raise(_ alerts: [Alert]) {
            for alert in alerts {
                let key = Key(kind: alert.kind, period: alert.period, threshold: alert.threshold, round: alert.round)
                if rows[key] == nil { rows[key] = alert }
            }
        }

        func raised(in period: Int64) -> [RaisedAlert] {
            rows.filter { $0.key.period == period }.map { key, alert in
                RaisedAlert(
                    kind: key.kind,
                    threshold: key.threshold,
                    round: key.round,
                    amount: alert.amount,
                    total: alert.total,
                    at: alert.at
                )
            }
        }
    }

    /// A quota's current period, spent from, given more, ended and begun anew at random.
    private struct Life {
        var ordinal: Int64 = 1
        var startsAt: Int64 = 0
        var endsAt: Int64?
        var used: Int64 = 0
        var total: Int64 = 1_000

        var grant: Grant {
            Grant(
                id: GrantID(ordinal),
                quotaID: QuotaID(1),
                userID: UserID(1),
                groupID: ModelGroupID(1),
                ordinal: ordinal,
                startsAt: Instant(microseconds: startsAt),
                endsAt: endsAt.map { Instant(microseconds: $0) },
                isActive: true,
                balance: Balance(
                    funded: Money(picoDollars: total),
                    available: Money(picoDollars: total - used),
                    captured: Money(picoDollars: used)
                )
            )
        }
    }

    @Test("each step is raised once for what was granted and never missed, whoever looks and dies", arguments: 0..<40)
    func lives(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var life = Life()
        var history = History()
        var now: Int64 = 0
        let rules = AlertRules()
        // What must have been raised: per period and step the totals at which it was passed, by an independent count.
        var passed: [Int64: [Int64: [(used: Int64, total: Int64)]]] = [:]
        for _ in 0..<400 {
            switch Int.random(in: 0..<20, using: &random) {
            case 0..<14: life.used = min(life.total, life.used + Int64.random(in: 0...120, using: &random))
            case 14..<16: life.total += Int64.random(in: 1...900, using: &random)
            case 16: life.total = max(life.used, life.total - Int64.random(in: 1...300, using: &random))
            case 17: life.endsAt = now + Int64.random(in: 1...400, using: &random) * 3_600_000_000
            case 18: now += Int64.random(in: 1...50, using: &random) * 3_600_000_000
            default:
                life = Life(ordinal: life.ordinal + 1, startsAt: now)
            }
            let at = Instant(microseconds: now)
            if life.total > 0, life.grant.isUsable(at: at) {
                for step in rules.thresholdPercents where life.used * 100 >= life.total * step {
                    let last = passed[life.ordinal]?[step]?.last
                    if last.map({ $0.total < life.total && $0.used * 100 < life.total * step }) ?? true {
                        passed[life.ordinal, default: [:]][step, default: []].append((life.used, life.total))
                    }
                }
            }
            // Two replicas look at the same rows; either may die before it has raised anything.
            let seen = history.raised(in: life.ordinal)
            let looks = (0..<2).map { _ in
                QuotaAlerts.due(life.grant, name: "q", renews: false, raised: seen, rules: rules, now: at)
            }
            for look in looks { history.raise(Bool.random(using: &random) ? look : []) }
            // One that lives raises what they did not.
            history.raise(looks[0])
            let left = QuotaAlerts.due(
                life.grant,
                name: "q",
                renews: false,
                raised: history.raised(in: life.ordinal),
                rules: rules,
                now: at
            )
            #expect(left.isEmpty)
        }
        for (ordinal, steps) in passed {
            for (step, times) in steps {
                let rounds = history.rows.keys.filter {
                    $0.kind == .quotaThreshold && $0.period == ordinal && $0.threshold == step
                }.map(\.round).sorted()
                #expect(rounds == (1...Int64(times.count)).map { $0 }, "period \(ordinal), \(step) %")
            }
        }
        let thresholds = history.rows.keys.count { $0.kind == .quotaThreshold }
        #expect(thresholds == passed.values.flatMap(\.values).reduce(0) { $0 + $1.count })
    }
}
