import Domain
import Synchronization
import Testing

@testable import Storage

/// Calls run while their quota is topped up, reduced, stopped, started again and refunded from, their key revoked and their
/// user disabled: whatever comes between, the books prove what everybody was told.
@Suite("quotas while calls run", .everyEngine, .namesEngine, .timeLimit(.minutes(5)))
struct QuotaRaceTests {
    private struct Random: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            // SplitMix64.
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
            return word ^ (word >> 31)
        }
    }

    /// What callers and administrators were told, by the calls' numbers.
    private final class Told: Sendable {
        struct Amounts {
            var charges: [UInt64: Int64] = [:]
            var refunds: [UInt64: Int64] = [:]
        }

        private let amounts = Mutex(Amounts())

        func withLock<Value: Sendable>(_ body: (inout Amounts) -> sending Value) -> Value {
            amounts.withLock { body(&$0) }
        }
    }

    @Test("top-up, edit, revocation, disabling and refunds beside calls", arguments: [1, 2, 3, 4] as [UInt64])
    func race(seed: UInt64) async throws {
        let stage = try QuotaStage(grant: 20_000, keyLimit: seed % 2 == 0 ? 1_000_000 : nil)
        let told = Told()
        // Some calls come before anybody can take their quota away, so that there is something to give back.
        await Self.calls(4, of: 5, seed: seed, stage, told)
        await withTaskGroup(of: Void.self) { group in
            for lane in 0..<4 as Range<UInt64> {
                group.addTask { await Self.calls(lane, of: 60, seed: seed, stage, told) }
            }
            group.addTask { await Self.edits(seed: seed, stage, told) }
            group.addTask { await Self.refunds(seed: seed, stage, told) }
        }
        try stage.expectProven()
        let booked = try await stage.desk.read { connection in
            try connection.query(
                "SELECT r.id, r.charge, COALESCE((SELECT -SUM(e.amount) FROM ledger_entries e WHERE e.call_id = r.id AND e.lane = 1 AND e.kind = 7), 0) FROM api_requests r"
            ) { ($0.callID(0)!.low & 0xFFFF_FFFF, $0.int64(1), $0.int64(2)) }
        }
        let end = told.withLock { $0 }
        #expect(!end.charges.isEmpty)
        for (number, charge, refunded) in booked {
            #expect(charge == end.charges[number] && refunded == end.refunds[number] ?? 0, "call \(number)")
        }
        #expect(booked.count == end.charges.count)
        let left = try #require(try await stage.quotas.quota(QuotaStage.quota, of: nil))
        #expect(left.quota.period.held == .zero)
    }

    private static func calls(
        _ lane: UInt64,
        of count: UInt64,
        seed: UInt64,
        _ stage: QuotaStage,
        _ told: Told
    ) async {
        var random = Random(state: seed &* 31 &+ lane)
        for index in 0..<count {
            let number = lane * 1_000 + index
            let bound = Money(picoDollars: 1 + Int64(random.next() % 400))
            let request = Books.request(number, bound: bound, hasSpendingLimit: seed % 2 == 0)
            guard case .held(let hold) = await stage.storage.journal.admit(request) else { continue }
            let charge = Int64(random.next() % UInt64(hold.amount.picoDollars + 1))
            let settlement = Books.settlement(number, hold: hold, charge: Money(picoDollars: charge))
            guard await stage.storage.journal.settle(settlement) == .durable else { continue }
            told.withLock { $0.charges[number] = charge }
        }
    }

    private static func edits(seed: UInt64, _ stage: QuotaStage, _ told: Told) async {
        var random = Random(state: seed &* 77)
        for step in 0..<80 {
            let amount = Money(picoDollars: 1 + Int64(random.next() % 2_000))
            switch random.next() % 8 {
            case 0...2: _ = try? await stage.perform(.topUp(amount))
            case 3: _ = try? await stage.perform(.reduce(amount))
            case 4: _ = try? await stage.update(total: Int64(random.next() % 30_000))
            case 5:
                _ = try? await stage.update(isActive: false)
                _ = try? await stage.update(total: 20_000, isActive: true)
            case 6: _ = try? await set("users", isActive: step % 3 != 0, stage)
            default: _ = try? await set("api_keys", isActive: step % 3 != 0, stage)
            }
        }
        _ = try? await stage.update(isActive: true)
    }

    private static func set(_ table: String, isActive: Bool, _ stage: QuotaStage) async throws {
        try await stage.desk.write { act in
            guard try act.set(table, "is_active", to: SQLValue(isActive), row: 1) else { return }
            try act.record(
                table == "users" ? .user : .apiKey,
                row: 1,
                .updated,
                fields: ["is_active"],
                by: QuotaStage.root
            )
        }
    }

    private static func refunds(seed: UInt64, _ stage: QuotaStage, _ told: Told) async {
        var random = Random(state: seed &* 1_234_567)
        for _ in 0..<80 {
            let charged = told.withLock { $0.charges.filter { $0.value > 0 }.keys.sorted() }
            guard let number = charged.randomElement(using: &random) else {
                await Task.yield()
                continue
            }
            let amount = 1 + Int64(random.next() % 300)
            let isDone = (try? await stage.refund(amount, of: Books.call(number).id)) != nil
            told.withLock { told in
                let before = told.refunds[number] ?? 0
                #expect(isDone == (before + amount <= told.charges[number] ?? 0), "call \(number)")
                if isDone { told.refunds[number] = before + amount }
            }
        }
    }
}
