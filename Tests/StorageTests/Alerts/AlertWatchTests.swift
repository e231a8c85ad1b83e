import Domain
import Testing

@testable import Storage

@Suite("what is watched", .everyEngine, .namesEngine) struct AlertWatchTests {
    @Test("each step of a quota is raised once, whoever looks, how many at once, and whether they were there before")
    func once() async throws {
        let stage = try AlertStage()
        try await stage.webhook()
        let watch = stage.watch()
        try await watch.run()
        #expect(try await stage.raised() == [])
        try await stage.stage.call(1, bound: 80, charge: 80)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { try? await stage.watch().run() } }
            group.addTask { try? await watch.run() }
        }
        #expect(try await stage.raised() == ["quota_threshold 80 1"])
        #expect(try stage.deliveries() == 1)
        // Two steps in one look: both are raised, the graver one is told.
        try await stage.stage.call(2, bound: 20, charge: 20)
        try await watch.run()
        try await watch.run()
        try await stage.watch().run()
        #expect(
            try await stage.raised() == ["quota_threshold 80 1", "quota_threshold 95 1", "quota_threshold 100 1"]
        )
        #expect(try stage.deliveries() == 2)
        // More money: what is below the step again is warned of again.
        _ = try await stage.stage.perform(.topUp(Money(picoDollars: 100)))
        try await watch.run()
        #expect(try stage.deliveries() == 2)
        try await stage.stage.call(3, bound: 60, charge: 60)
        try await watch.run()
        #expect(try await stage.raised().last == "quota_threshold 80 2")
        #expect(try stage.deliveries() == 3)
        try stage.stage.expectProven()
    }

    @Test("an alert and its deliveries are there together or not at all")
    func together() async throws {
        let stage = try AlertStage()
        try await stage.webhook()
        try await stage.stage.call(1, bound: 90, charge: 90)
        // As if the process died between the two.
        try stage.run("ALTER TABLE alert_deliveries RENAME TO elsewhere")
        let watch = stage.watch()
        await #expect(throws: DeskError.self) { try await watch.run() }
        #expect(try stage.number("SELECT COUNT(*) FROM alerts") == 0)
        try stage.run("ALTER TABLE elsewhere RENAME TO alert_deliveries")
        try await watch.run()
        #expect(try await stage.raised() == ["quota_threshold 80 1"])
        #expect(try stage.deliveries() == 1)
    }

    @Test("what is not told by roll-ups or the change feed is found by going through all periods")
    func sweep() async throws {
        let stage = try AlertStage()
        let count = WatchRows.swept * 2 + 100
        try stage.database.write { connection in
            for ordinal in 2...count {
                try connection.execute(
                    "INSERT INTO quota_grants (id, quota_id, user_id, group_id, ordinal, starts_at, funded, available, captured, created_at) VALUES (?, 1, 1, 1, ?, 0, 100, ?, ?, 1)",
                    .integer(Int64(ordinal)),
                    .integer(Int64(ordinal)),
                    .integer(ordinal == count ? 10 : 100),
                    .integer(ordinal == count ? 90 : 0)
                )
            }
        }
        let watch = stage.watch()
        try await watch.run()
        #expect(try await stage.raised() == ["quota_threshold 80 1"])
        // Later only some of them a look; within three of these all.
        try stage.run("UPDATE quota_grants SET captured = 90, available = 10 WHERE id = 1500")
        for _ in 0..<3 { try await watch.run() }
        #expect(try await stage.raised().count == 2)
    }

    @Test("a quota's end, ahead, from its change or from time alone")
    func expiry() async throws {
        let stage = try AlertStage()
        let watch = stage.watch()
        _ = try await stage.stage.update(expiresAt: stage.stage.later(30 * 86_400))
        try await watch.run()
        #expect(try await stage.raised() == [])
        stage.stage.clock.advance(seconds: 23 * 86_400)
        try await watch.run()
        #expect(try await stage.raised() == ["quota_expiry 168 1"])
        _ = try await stage.stage.update(expiresAt: stage.stage.later(60 * 86_400))
        stage.stage.clock.advance(seconds: 59 * 86_400)
        try await watch.run()
        #expect(
            try await stage.raised().sorted()
                == ["quota_expiry 168 1", "quota_expiry 168 2", "quota_expiry 24 1"]
        )
    }

    @Test(
        "a provider that fails, works again, and fails again; what was booked before the first look counts from its quarter on"
    )
    func providers() async throws {
        let stage = try AlertStage()
        try stage.run(
            "INSERT INTO api_providers (id, name, dialect, base_url, created_at, updated_at) VALUES (5, 'shaky', 'openai', 'http://x/v1', 1, 1)"
        )
        try stage.book(.provider, 5, requests: 19, errors: 19)
        let watch = stage.watch()
        try await watch.run()
        #expect(try await stage.raised() == [])
        try stage.book(.provider, 5, requests: 1, errors: 1)
        try await watch.run()
        try await watch.run()
        #expect(try await stage.raised() == ["provider_failing 0 1"])
        let failing = try #require(try await stage.desk.alerts(AlertQuery()).items.first?.alert)
        #expect(
            failing.name == "shaky" && failing.calls == 20 && failing.failures == 20 && failing.severity == .critical
        )
        // A new process knows of the incident, and that it has ended.
        try stage.book(.provider, 5, requests: 100)
        try await stage.watch().run()
        try await watch.run()
        #expect(try await stage.raised() == ["provider_failing 0 1", "provider_recovered 0 1"])
        stage.stage.clock.advance(seconds: 900)
        try await watch.run()
        try stage.book(.provider, 5, quarter: 1, requests: 50, errors: 40, excess: 7)
        try await watch.run()
        let all = try await stage.desk.alerts(AlertQuery()).items.map(\.alert)
        #expect(all.filter { $0.kind == .providerFailing }.map(\.period).sorted() == [1, 2])
        #expect(all.filter { $0.kind == .providerLoss }.map(\.amount) == [Money(picoDollars: 7)])
    }

    @Test("spending far above a user's own past, once a day")
    func unusual() async throws {
        let stage = try AlertStage()
        let dollar = Money.picosPerDollar
        for hour in Int64(0)..<14 { try stage.book(.user, 1, quarter: hour * 4, charge: 2 * dollar) }
        stage.stage.clock.advance(seconds: 14 * 3_600)
        let watch = stage.watch()
        try await watch.run()
        try stage.book(.user, 1, quarter: 56, charge: 9 * dollar)
        try await watch.run()
        #expect(try await stage.raised() == [], "below the floor")
        try stage.book(.user, 1, quarter: 56, charge: 2 * dollar)
        try await watch.run()
        try stage.book(.user, 1, quarter: 56, charge: 2 * dollar)
        try await watch.run()
        #expect(try await stage.raised() == ["unusual_spend 0 1"])
        let alert = try #require(try await stage.desk.alerts(AlertQuery()).items.first?.alert)
        #expect(alert.amount?.description == "11.00" && alert.total?.description == "2.00")
    }

    @Test("bookings in quarantine and an audit log that is halted")
    func books() async throws {
        let stage = try AlertStage()
        try stage.database.write { connection in
            for id in [0, 1] as [UInt8] {
                try connection.execute(
                    "INSERT INTO quarantine (call_id, record, cause, created_at) VALUES (?, ?, 'cause', 1)",
                    .blob([id]),
                    .blob([])
                )
            }
        }
        let watch = stage.watch(auditHalt: "the database is an older copy")
        try await watch.run()
        try await watch.run()
        #expect(try await stage.raised() == ["quarantine 0 1", "audit_halted 0 1"])
    }

    @Test("a quota's own steps stand instead of the rules'")
    func ownSteps() async throws {
        let stage = try AlertStage()
        let watch = stage.watch()
        try await stage.stage.call(1, bound: 40, charge: 40)
        var changes = QuotaChanges()
        changes.warningPercents = .some([50, 40, 40])
        let quotas = stage.stage.quotas
        let changed = try await quotas.update(QuotaStage.quota, changes, if: .none, by: AlertStage.root)
        #expect(changed.quota.warningPercents == [40, 50])
        try await watch.run()
        try await stage.stage.call(2, bound: 45, charge: 45)
        changes.warningPercents = .some(nil)
        try await watch.run()
        _ = try await quotas.update(QuotaStage.quota, changes, if: .none, by: AlertStage.root)
        try await watch.run()
        #expect(
            try await stage.raised() == ["quota_threshold 40 1", "quota_threshold 50 1", "quota_threshold 80 1"]
        )
    }

    @Test("the rules are one row, and hold from the next look on")
    func rules() async throws {
        let stage = try AlertStage()
        let watch = stage.watch()
        try await stage.stage.call(1, bound: 40, charge: 40)
        try await watch.run()
        var changes = AlertRulesChanges()
        changes.thresholdPercents = [40, 30, 40]
        #expect(try await stage.desk.change(changes, if: .none, by: AlertStage.root).thresholdPercents == [30, 40])
        try await watch.run()
        #expect(try await stage.raised() == ["quota_threshold 30 1", "quota_threshold 40 1"])
    }
}
