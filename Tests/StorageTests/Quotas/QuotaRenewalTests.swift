import Domain
import Testing

@testable import Storage

@Suite("quotas that renew themselves", .everyEngine, .namesEngine) struct QuotaRenewalTests {
    private static let daily = Renewal(period: .daily, timeZone: "Asia/Shanghai", amount: Money(picoDollars: 40))

    private static func set(_ renewal: Renewal?, _ stage: QuotaStage) async throws -> QuotaDetail {
        var changes = QuotaChanges()
        changes.renewal = renewal
        return try await stage.quotas.update(QuotaStage.quota, changes, if: .none, by: QuotaStage.root)
    }

    @Test("each period is a grant of its own, made before it begins and once, whoever makes it")
    func once() async throws {
        let stage = try QuotaStage()
        let renewals = QuotaRenewals(desk: stage.desk, zones: ZoneFiles())
        // 1970-01-01, eight hours into it by this zone: sixteen are left.
        let set = try await Self.set(Self.daily, stage)
        let end = Instant(microseconds: 57_600_000_000)
        #expect(set.quota.period.grant.endsAt == end && set.quota.renewal == Self.daily)
        try await renewals.run()
        #expect(try await stage.quotas.quota(QuotaStage.quota, of: nil)?.periods.count == 1)
        stage.clock.advance(seconds: 57_400)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { _ = try? await renewals.run() } }
        }
        let ahead = try #require(try await stage.quotas.quota(QuotaStage.quota, of: nil))
        #expect(ahead.periods.map(\.grant.ordinal) == [2, 1] && ahead.pots == "0/0/100")
        #expect(ahead.periods[0].grant.startsAt == end)
        // Money of tomorrow is not spent today.
        await #expect(throws: StorageError.self) { try await stage.hold(1, 101) }
        let hold = try await stage.hold(2, 60)
        stage.clock.advance(seconds: 300)
        let next = try #require(try await stage.quotas.quota(QuotaStage.quota, of: nil))
        #expect(next.pots == "0/0/40" && next.quota.period.grant.ordinal == 2)
        try await stage.settle(2, hold, charge: 10)
        // Four days asleep: one period to the next midnight, not four of them.
        stage.clock.advance(seconds: 4 * 86_400)
        try await renewals.run()
        try await renewals.run()
        let late = try #require(try await stage.quotas.quota(QuotaStage.quota, of: nil))
        #expect(late.periods.map(\.grant.ordinal) == [3, 2, 1] && late.pots == "0/0/40")
        #expect(late.periods[0].grant.startsAt == late.periods[1].grant.endsAt)
        #expect(try stage.act("renewed") == 2)
        try stage.expectProven()
    }

    @Test("a renewal that ends takes back what was made ahead; an inactive quota is not renewed")
    func ends() async throws {
        let stage = try QuotaStage()
        let renewals = QuotaRenewals(desk: stage.desk, zones: ZoneFiles())
        _ = try await Self.set(Self.daily, stage)
        stage.clock.advance(seconds: 57_400)
        try await renewals.run()
        await #expect(throws: DeskError.refused(field: "expires_at", .renews)) {
            try await stage.update(expiresAt: .some(nil))
        }
        let stopped = try await Self.set(nil, stage)
        #expect(stopped.quota.renewal == nil && stopped.periods.map(\.remaining.picoDollars) == [0, 100])
        stage.clock.advance(seconds: 86_400)
        try await renewals.run()
        let over = try #require(try await stage.quotas.quota(QuotaStage.quota, of: nil))
        #expect(over.quota.period.hasEnded && over.pots == "0/0/0")
        // Set anew it begins at once, and stops while the quota is inactive.
        _ = try await Self.set(Self.daily, stage)
        try await renewals.run()
        #expect(try await stage.quotas.quota(QuotaStage.quota, of: nil)?.pots == "0/0/40")
        _ = try await stage.update(isActive: false)
        stage.clock.advance(seconds: 86_400)
        try await renewals.run()
        #expect(try await stage.quotas.quota(QuotaStage.quota, of: nil)?.periods.count == 3)
        let unknown = Renewal(period: .daily, timeZone: "Nowhere/There", amount: .zero)
        await #expect(throws: DeskError.refused(field: "renewal_time_zone", .unknown)) {
            try await Self.set(unknown, stage)
        }
        try stage.expectProven()
    }
}
