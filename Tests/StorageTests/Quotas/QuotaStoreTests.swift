import Domain
import Testing

@testable import Storage

@Suite("quotas", .everyEngine, .namesEngine) struct QuotaStoreTests {
    @Test("money is added, taken and ended with entries that say why and who, and the books prove it")
    func acts() async throws {
        let stage = try QuotaStage()
        let hold = try await stage.hold(1, 60)
        #expect(try await stage.perform(.topUp(Money(picoDollars: 10))).pots == "0/60/50")
        #expect(try await stage.perform(.reduce(Money(picoDollars: 70))).pots == "0/60/0 -20")
        // What is to be taken eats of what comes in.
        #expect(try await stage.perform(.topUp(Money(picoDollars: 5))).pots == "0/60/0 -15")
        try await stage.settle(1, hold, charge: 30)
        await #expect(throws: DeskError.refused(field: "amount", .exceedsQuota)) {
            try await stage.perform(.reduce(Money(picoDollars: 16)))
        }
        await #expect(throws: DeskError.refused(field: "total_quota", .exceedsQuota)) {
            try await stage.update(total: 29)
        }
        let before = try #require(try await stage.quotas.quota(QuotaStage.quota, of: nil))
        #expect(before.pots == "30/0/15" && before.quota.period.total == Money(picoDollars: 45))
        stage.clock.advance(seconds: 1)
        let ended = try await stage.perform(.expire)
        #expect(ended.pots == "30/0/0" && ended.quota.period.hasEnded && ended.quota.updatedAt > before.quota.updatedAt)
        #expect(ended.moves == ["expiry -15", "top_up 5", "reduction -70", "top_up 10", "opening 100"])
        #expect(ended.entries.dropLast().allSatisfy { $0.reason == "because" && $0.actor == "tokenaudit test" })
        // Again is the same.
        #expect(try await stage.perform(.expire).moves == ended.moves)
        for act in [QuotaAct.topUp(Money(picoDollars: 1)), .reduce(Money(picoDollars: 1))] {
            await #expect(throws: DeskError.conflict(.ended)) { try await stage.perform(act) }
        }
        #expect(try stage.act("topped_up") == 2 && stage.act("reduced") == 1 && stage.act("expired") == 2)
        try stage.expectProven()
    }

    @Test("a change of the total moves the difference; what was read and is written back moves nothing")
    func totals() async throws {
        let stage = try QuotaStage()
        let hold = try await stage.hold(1, 60)
        #expect(try await stage.update(total: 130).pots == "0/60/70")
        let reduced = try await stage.update(total: 40)
        #expect(reduced.pots == "0/60/0 -20" && reduced.quota.period.total == Money(picoDollars: 60))
        // As shown, and as wanted: neither takes it twice, nor gives it back.
        #expect(try await stage.update(total: 60) == reduced)
        #expect(try await stage.update(total: 40) == reduced)
        try await stage.settle(1, hold, charge: 1)
        let stopped = try await stage.update(total: 40, isActive: false)
        #expect(stopped.pots == "1/0/0" && stopped.moves.first == "deactivation -39" && !stopped.quota.isActive)
        await #expect(throws: DeskError.conflict(.ended)) { try await stage.update(total: 41) }
        #expect(try await stage.update(total: 41, isActive: true).pots == "1/0/40")
        var silent = QuotaChanges()
        silent.total = Money(picoDollars: 42)
        let changes = silent
        await #expect(throws: DeskError.refused(field: "reason", .needed)) {
            try await stage.quotas.update(QuotaStage.quota, changes, if: .none, by: QuotaStage.root)
        }
        await #expect(throws: DeskError.stale) {
            try await stage.quotas.update(QuotaStage.quota, changes, if: .versions([1]), by: QuotaStage.root)
        }
        await #expect(throws: DeskError.notFound) { try await stage.update(QuotaID(9), total: 1) }
        try stage.expectProven()
    }

    @Test("an end moves; what has ended stays so, and a later end begins the next period with its own money")
    func periods() async throws {
        let stage = try QuotaStage()
        try await stage.call(1, bound: 50, charge: 20)
        let end = stage.later(60)
        #expect(try await stage.update(expiresAt: end).quota.period.grant.endsAt == end)
        await #expect(throws: DeskError.refused(field: "expires_at", .notFuture)) {
            try await stage.update(expiresAt: Instant(microseconds: 1))
        }
        stage.clock.advance(seconds: 61)
        let ended = try #require(try await stage.quotas.quota(QuotaStage.quota, of: nil))
        #expect(ended.pots == "20/0/0" && ended.quota.isActive && ended.quota.period.hasEnded)
        await #expect(throws: DeskError.conflict(.ended)) { try await stage.update(total: 30) }
        await #expect(throws: DeskError.conflict(.ended)) { try await stage.update(expiresAt: .some(nil)) }
        let next = try await stage.update(total: 30, expiresAt: .some(nil))
        #expect(next.pots == "0/0/30" && next.quota.period.grant.startsAt == end)
        #expect(next.periods.map(\.grant.ordinal) == [2, 1])
        try await stage.call(2, bound: 30, charge: 1)
        try stage.expectProven()
    }

    @Test("a refund gives back at most what was charged, once")
    func refunds() async throws {
        let stage = try QuotaStage(keyLimit: 1_000)
        let call = try await stage.call(1, bound: 50, charge: 20)
        let first = try await stage.refund(15, of: call)
        #expect(first.pots == "5/0/95" && first.moves.first == "refund -15")
        let entry = try #require(first.entries.first)
        #expect(entry.callID == call && entry.reason == "an apology" && entry.actor == "user 9")
        for amount in [15, 6, 9_000_000] as [Int64] {
            await #expect(throws: DeskError.conflict(.exceedsCaptured)) { try await stage.refund(amount, of: call) }
        }
        #expect(try await stage.refund(5, of: call).pots == "0/0/100")
        await #expect(throws: DeskError.conflict(.exceedsCaptured)) { try await stage.refund(1, of: call) }
        // A running call has been charged nothing yet.
        _ = try await stage.hold(2, 10)
        await #expect(throws: DeskError.conflict(.exceedsCaptured)) {
            try await stage.refund(1, of: Books.call(2).id)
        }
        await #expect(throws: DeskError.refused(field: "request_id", .unknown)) {
            try await stage.refund(1, of: Books.call(99).id)
        }
        #expect(try stage.act("refunded") == 2)
        let net = try await stage.desk.read {
            try BillRows.recent(of: Books.user, limit: 1, request: call, $0).first?.charge
        }
        #expect(net == .zero)
        try stage.expectProven()
    }

    @Test("what an ended period gets back goes to its quota's current one, or is forfeited where there is none")
    func lateRefunds() async throws {
        let stage = try QuotaStage()
        let call = try await stage.call(1, bound: 50, charge: 20)
        stage.clock.advance(seconds: 1)
        _ = try await stage.perform(.expire)
        let lost = try await stage.refund(5, of: call)
        #expect(lost.pots == "15/0/0" && Array(lost.moves.prefix(2)) == ["expiry -5", "refund -5"])
        _ = try await stage.update(total: 30, expiresAt: .some(nil))
        let carried = try await stage.refund(15, of: call)
        #expect(carried.pots == "0/0/45")
        #expect(Array(carried.moves.prefix(3)) == ["carry_over 15", "expiry -15", "refund -15"])
        try stage.expectProven()
    }

    @Test("a quota is granted once a name, to users and groups that are there")
    func grants() async throws {
        let stage = try QuotaStage()
        func new(_ user: Int64, _ group: Int64, _ name: String?, _ end: Instant? = nil) -> NewQuota {
            NewQuota(
                userID: UserID(user),
                groupID: ModelGroupID(group),
                name: name,
                total: Money(picoDollars: 7),
                expiresAt: end,
                renewal: nil
            )
        }
        let made = try stage.made(await stage.quotas.grant(new(1, 1, "more"), by: QuotaStage.root, once: nil))
        #expect(made.pots == "0/0/7" && made.quota.name == "more" && made.moves == ["opening 7"])
        let past = Instant(microseconds: 5)
        let refusals: [(NewQuota, DeskError)] = [
            (new(1, 1, nil), .taken(field: "name")), (new(1, 1, "more"), .taken(field: "name")),
            (new(9, 1, nil), .refused(field: "user", .unknown)),
            (new(1, 9, nil), .refused(field: "model_group", .unknown)),
            (new(1, 1, "late", past), .refused(field: "expires_at", .notFuture)),
        ]
        for (new, error) in refusals {
            await #expect(throws: error) { try await stage.quotas.grant(new, by: QuotaStage.root, once: nil) }
        }
        var query = QuotaQuery()
        #expect(try await stage.quotas.quotas(query).items.map(\.name) == ["default", "more"])
        query.search = "MOR"
        #expect(try await stage.quotas.quotas(query).count == 1)
        query = QuotaQuery()
        query.userID = UserID(2)
        #expect(try await stage.quotas.quotas(query).count == 0)
        query = QuotaQuery()
        query.endsBefore = stage.later(1)
        #expect(try await stage.quotas.quotas(query).count == 0)
        #expect(try await stage.quotas.quota(made.quota.id, of: UserID(2)) == nil)
        #expect(try await stage.quotas.quota(made.quota.id, of: UserID(1)) != nil)
        try stage.expectProven()
    }
}
