import Domain
import Synchronization
import Testing

@testable import Storage

/// Books with a running journal, and the control plane's stores beside it.
final class QuotaStage: Sendable {
    static let quota = QuotaID(1)
    static let root = Actor.command("test")

    final class Clock: Sendable {
        private let microseconds = Mutex<Int64>(1_000_000)

        /// A microsecond more at each look.
        func now() -> Instant {
            Instant(
                microseconds: microseconds.withLock {
                    $0 += 1
                    return $0
                }
            )
        }
        func advance(seconds: Int64) { microseconds.withLock { $0 += seconds * 1_000_000 } }
    }

    /// Of the engine that the test is about.
    let books: TestDatabase
    let storage: ServingStorage
    let clock = Clock()
    let desk: ControlDesk
    let quotas: QuotaStore

    init(grant: Int64 = 100, keyLimit: Int64? = nil) throws {
        books = try TestDatabase()
        try Books.fill(
            books.database,
            grants: [Money(picoDollars: grant)],
            keyLimit: keyLimit.map { Money(picoDollars: $0) }
        )
        storage = try books.serve { [clock] in clock.now() }
        desk = ControlDesk(writer: storage.database, reader: storage.reports) { [clock] in clock.now() }
        quotas = QuotaStore(desk: desk, zones: ZoneFiles())
    }

    deinit {
        // Its threads end; the books are emptied for the next test, whatever these still do.
        Task.detached { [storage] in try? await storage.close() }
    }

    func later(_ seconds: Int64) -> Instant {
        Instant(microseconds: clock.now().microseconds + seconds * 1_000_000)
    }

    func hold(_ number: UInt64, _ bound: Int64) async throws -> Hold {
        let request = Books.request(number, bound: Money(picoDollars: bound), hasSpendingLimit: false)
        guard case .held(let hold) = await storage.journal.admit(request) else {
            throw StorageError.misuse("call \(number) was refused")
        }
        return hold
    }

    func settle(_ number: UInt64, _ hold: Hold, charge: Int64) async throws {
        let settlement = Books.settlement(number, hold: hold, charge: Money(picoDollars: charge))
        #expect(await storage.journal.settle(settlement) == .durable)
    }

    /// A call that was held for `bound` and charged `charge`.
    @discardableResult
    func call(_ number: UInt64, bound: Int64, charge: Int64) async throws -> CallID {
        try await settle(number, try await hold(number, bound), charge: charge)
        return Books.call(number).id
    }

    func update(
        _ id: QuotaID = quota,
        total: Int64? = nil,
        expiresAt: Instant?? = nil,
        isActive: Bool? = nil
    ) async throws(DeskError) -> QuotaDetail {
        var changes = QuotaChanges()
        changes.total = total.map { Money(picoDollars: $0) }
        changes.expiresAt = expiresAt
        changes.isActive = isActive
        changes.reason = "because"
        return try await quotas.update(id, changes, if: .none, by: Self.root)
    }

    func perform(_ act: QuotaAct) async throws(DeskError) -> QuotaDetail {
        try made(await quotas.perform(act, on: Self.quota, reason: "because", by: Self.root, once: nil))
    }

    func refund(_ amount: Int64, of call: CallID) async throws(DeskError) -> QuotaDetail {
        try made(
            await quotas.refund(
                Money(picoDollars: amount),
                of: call,
                on: Self.quota,
                reason: "an apology",
                by: .user(UserID(9), .admin),
                once: nil
            )
        )
    }

    func made(_ outcome: Once<QuotaDetail>) throws(DeskError) -> QuotaDetail {
        guard case .made(let detail) = outcome else { throw .unavailable("it was made before") }
        return detail
    }

    func expectProven() throws {
        #expect(try LedgerVerifier.verify(storage.database).differences == [])
    }

    func act(_ action: String) throws -> Int {
        try storage.database.read { connection in
            try connection.query("SELECT data FROM audit_leaves WHERE kind = 2") {
                String(decoding: $0.blob(0), as: UTF8.self)
            }
        }.count { $0.contains("\"act\":\"quota \(action)\"") }
    }
}

extension QuotaDetail {
    /// `used/held/remaining` of the current period, in pico-dollars, with `-` and what is still to be taken.
    var pots: String {
        let period = quota.period
        let pending = period.grant.pendingClawback.picoDollars
        return "\(period.used.picoDollars)/\(period.held.picoDollars)/\(period.remaining.picoDollars)"
            + (pending > 0 ? " -\(pending)" : "")
    }

    /// Kinds and amounts, newest first.
    var moves: [String] { entries.map { "\($0.entry.kind.name) \($0.entry.amount.picoDollars)" } }
}
