import Domain
import Foundation
import Testing

@testable import Storage

@Suite("ledger verify")
struct LedgerVerifierTests {
    private static let settled = Damage.id(1)
    private static let running = Damage.id(3)
    private static let corrected = Damage.id(4)

    @Test("proves books in which everything has happened that can")
    func proven() async throws {
        let (database, report) = try await Self.verify([])
        #expect(report.differences == [])
        #expect(report.calls == 7 && report.grants == 3 && report.keyLimits == 1)
        #expect(report.open == [Books.call(3).id] && report.uncertain == [Books.call(5).id])
        // 60 settled, 70 corrected, 3 by policy, 40 of an orphan, 50 out of quarantine.
        #expect(report.charged == 60 + 70 + 3 + 40 + 50)
        try database.close()
    }

    @Test("names what was changed behind the ledger's back", arguments: damages)
    func damage(_ damage: Damage) async throws {
        let (database, report) = try await Self.verify(damage.statements)
        #expect(report.differences.contains { $0.subject.contains(damage.named) }, "\(report.differences)")
        try database.close()
    }

    @Test("names the same on every engine, where a constraint lets it happen", arguments: Engine.servers)
    func damagesOfServers(engine: Engine) async throws {
        let books = try CopiedBooks(of: try await Self.template.value.path, on: engine)
        let untouched = try #require(try books.report(after: []) { try LedgerVerifier.verify($0) })
        #expect(untouched.differences == [] && untouched.calls == 7 && untouched.charged == 223)
        var named = 0
        for damage in Self.damages where damage.isPlain {
            let report = try books.report(after: damage.statements) { try LedgerVerifier.verify($0) }
            guard let report else { continue }
            named += 1
            #expect(
                report.differences.contains { $0.subject.contains(damage.named) },
                "\(damage.testDescription): \(report.differences)"
            )
        }
        #expect(named > 50)
    }

    static let damages: [Damage] = [
        // Balances.
        Damage("UPDATE quota_grants SET available = available + 1, funded = funded + 1", named: "funded by entries"),
        Damage(
            "UPDATE quota_grants SET captured = captured - 1, available = available + 1",
            named: "grant 1: captured"
        ),
        Damage("UPDATE quota_grants SET available = available + 1", named: "grant 1: funded"),
        Damage("UPDATE quota_grants SET held = 0, available = available + held", named: "grant 1: held"),
        Damage(
            "UPDATE quota_grants SET available = available + forfeited, forfeited = 0 WHERE id = 2",
            named: "grant 2: forfeited or pending"
        ),
        Damage("UPDATE quota_grants SET pending_clawback = 5", named: "grant 1: forfeited or pending"),
        Damage("DELETE FROM quota_grants WHERE id = 3", named: "grant 3"),
        Damage("UPDATE api_key_limits SET available = available - 1, captured = captured + 1", named: "limit of key 1"),
        Damage("DELETE FROM api_key_limits", named: "limit of key 1"),
        // Entries.
        Damage("DELETE FROM ledger_entries WHERE kind = 1", named: "funded by entries"),
        Damage("DELETE FROM ledger_entries WHERE kind = 3", named: "forfeited or pending"),
        Damage("DELETE FROM ledger_entries WHERE kind = 4", named: "forfeited or pending"),
        Damage("DELETE FROM ledger_entries WHERE kind = 6", named: "captured"),
        Damage("UPDATE ledger_entries SET kind = 99", named: "entries of"),
        Damage("UPDATE ledger_entries SET lane_id = 2 WHERE kind = 1 AND lane_id = 1 AND lane = 1", named: "grant 1"),
        Damage(
            "INSERT INTO ledger_entries (lane, lane_id, kind, amount, created_at) VALUES (1, 1, 2, 5, 1)",
            named: "funded by entries"
        ),
        Damage(
            "INSERT INTO ledger_entries (lane, lane_id, kind, amount, call_id, created_at) VALUES (1, 1, 6, 5, x'00112233445566778899aabbccddeeff', 1)",
            named: "entry of call 00112233"
        ),
        Damage(
            "INSERT INTO ledger_entries (lane, lane_id, kind, amount, call_id, created_at) VALUES (1, 1, 6, -60, \(settled), 1)",
            "UPDATE quota_grants SET captured = captured - 60, available = available + 60 WHERE id = 1",
            "UPDATE usage_rollups SET corrections = corrections - 60",
            named: "correction"
        ),
        // Calls.
        Damage("DELETE FROM api_requests", named: "captured"),
        Damage("DELETE FROM api_requests WHERE state = 0", named: "held"),
        Damage("UPDATE api_requests SET charge = charge - 1 WHERE charge > 0", named: "leaf"),
        Damage("UPDATE api_requests SET cost = 0", named: "leaf"),
        Damage("UPDATE api_requests SET state = 2", named: "charge"),
        Damage("UPDATE api_requests SET state = 0", named: "held"),
        Damage("UPDATE api_requests SET output_tokens = 8", named: "leaf"),
        Damage("UPDATE api_requests SET provenance = 0", named: "leaf"),
        Damage("UPDATE api_requests SET price_multiplier = 20000", named: "leaf"),
        Damage("UPDATE api_requests SET price_version_id = 2", named: "price"),
        Damage("UPDATE api_requests SET status_code = 500", named: "leaf"),
        Damage("UPDATE api_requests SET duration_ms = 0", named: "leaf"),
        Damage("UPDATE api_requests SET endpoint = 2", named: "leaf"),
        Damage("UPDATE api_requests SET provider_id = 2", named: "roll-up provider"),
        Damage("UPDATE api_requests SET user_id = 2", named: "roll-up user"),
        Damage("UPDATE api_requests SET flags = 0", named: "leaf"),
        Damage("UPDATE api_requests SET leaf = leaf + 1", named: "leaf number"),
        Damage("UPDATE api_requests SET leaf = NULL", named: "leaf number"),
        Damage("UPDATE api_requests SET hold = hold + 1 WHERE state = 0", named: "parts"),
        Damage("UPDATE api_requests SET parts = x'' WHERE id = \(settled)", named: "parts"),
        Damage("UPDATE api_requests SET parts = x'00'", named: "call row"),
        Damage("UPDATE api_requests SET parts = CAST(parts || parts AS BLOB) WHERE state = 0", named: "parts"),
        Damage(
            "UPDATE api_requests SET parts = CAST(substr(parts, 1, 9) || x'ffffffffffffff00' || substr(parts, 18) AS BLOB) WHERE id = \(settled)",
            named: "parts"
        ),
        Damage("UPDATE replicas SET ended_at = 9", named: "state"),
        Damage(
            "DELETE FROM api_requests WHERE id = \(settled)",
            "UPDATE quota_grants SET captured = captured - 60, available = available + 60 WHERE id = 1",
            "UPDATE api_key_limits SET captured = captured - 60, available = available + 60",
            "UPDATE usage_rollups SET requests = requests - 1, charge = charge - 60",
            named: "leaf of call"
        ),
        // Prices.
        Damage("UPDATE price_versions SET rates = 'input=2 output=1'", named: "charge"),
        Damage("UPDATE price_versions SET rates = 'input=1 output=1 fee=1'", named: "charge"),
        Damage("UPDATE price_versions SET rates = 'nonsense'", named: "price"),
        Damage("DELETE FROM price_versions", named: "price"),
        // Roll-ups.
        Damage("UPDATE usage_rollups SET charge = charge + 1", named: "charge"),
        Damage("UPDATE usage_rollups SET charge = charge + 1, is_saturated = 1", named: "charge"),
        Damage("UPDATE usage_rollups SET cost = cost - 1", named: "cost"),
        Damage("UPDATE usage_rollups SET excess = 1", named: "excess"),
        Damage("UPDATE usage_rollups SET corrections = 0", named: "corrections"),
        Damage("UPDATE usage_rollups SET input_tokens = 0 WHERE dimension = 3", named: "roll-up model 1: input_tokens"),
        Damage(
            "UPDATE usage_rollups SET output_tokens = 9 WHERE dimension = 5",
            named: "roll-up group 1: output_tokens"
        ),
        Damage("UPDATE usage_rollups SET voided = 0", named: "voided"),
        Damage("UPDATE usage_rollups SET voided = voided + 1", named: "voided"),
        Damage("UPDATE usage_rollups SET errors = 0", named: "errors"),
        Damage("UPDATE usage_rollups SET reasoning_tokens = 1", named: "reasoning_tokens"),
        Damage("UPDATE usage_rollups SET audio_output_tokens = 1", named: "audio_output_tokens"),
        Damage("UPDATE usage_rollups SET duration_ms = duration_ms + 1", named: "duration_ms"),
        Damage("UPDATE usage_rollups SET under_100ms = 0, slower = under_100ms", named: "slower"),
        Damage("UPDATE usage_rollups SET dimension_id = 7 WHERE dimension = 2", named: "roll-up key 1"),
        Damage("UPDATE usage_rollups SET requests = 0 WHERE dimension = 6", named: "roll-up keyAndModel 16777217"),
        Damage("UPDATE usage_rollups SET charge = charge + 1 WHERE dimension = 7", named: "roll-up route 1: charge"),
        Damage("UPDATE usage_rollups SET dimension = 77 WHERE dimension = 2", named: "roll-ups"),
        Damage(
            "INSERT INTO usage_periods SELECT 1, 1, dimension, bucket, dimension_id, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM usage_rollups WHERE dimension = 0 LIMIT 1",
            named: "days of UTC, all 0: requests"
        ),
        Damage(
            "UPDATE statistics_zones SET bucket = 9000000000000000000",
            named: "quarters of an hour"
        ),
        Damage(
            "UPDATE usage_rollups SET cache_savings = 5 WHERE dimension = 1",
            named: "roll-up user 1: cache_savings"
        ),
        Damage("DELETE FROM usage_rollups WHERE dimension = 4", named: "roll-up provider 1"),
        // Leaves.
        Damage("DELETE FROM audit_leaves", named: "leaf"),
        Damage("DELETE FROM audit_leaves WHERE kind = 2 AND number = 0", named: "leaves of replica 0"),
        Damage("UPDATE audit_leaves SET number = number + 1000", named: "leaves of replica"),
        Damage("UPDATE audit_leaves SET data = zeroblob(length(data)) WHERE kind = 1", named: "leaf"),
        Damage("UPDATE audit_leaves SET data = CAST(data || x'00' AS BLOB) WHERE kind = 1", named: "bytes"),
        Damage("UPDATE audit_leaves SET data = x'' WHERE kind = 1", named: "bytes"),
        Damage("UPDATE audit_leaves SET count = 9223372036854775807", named: "count"),
        Damage(
            "UPDATE audit_leaves SET number = 9223372036854775807 - number WHERE replica_id = 2",
            named: "leaves of"
        ),
        Damage("UPDATE audit_leaves SET number = -9223372036854775807 + number WHERE replica_id = 2", named: "count"),
        Damage(
            "INSERT INTO audit_leaves (replica_id, number, count, kind, data, created_at) VALUES (9, 0, 1, 1, zeroblob(48), 1)",
            named: "leaf of call"
        ),
        Damage(
            "INSERT INTO audit_leaves (replica_id, number, count, kind, data, created_at) SELECT 9, 0, count, kind, data, created_at FROM audit_leaves WHERE replica_id = 0 AND kind = 1",
            named: "leaves"
        ),
        Damage(
            "UPDATE audit_leaves SET data = CAST(\(corrected) || zeroblob(32) || substr(data, 49) AS BLOB) WHERE replica_id = 2 AND substr(data, 1, 16) = \(corrected)",
            named: "leaf of its policy"
        ),
    ]

    @Test("many differences are named one by one, and no more than can be read")
    func many() async throws {
        let (database, report) = try await Self.verify([
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO audit_leaves (replica_id, number, count, kind, data, created_at) SELECT 9, i - 1, 1, 1, CAST(CAST(printf('%016d', i) AS BLOB) || zeroblob(32) AS BLOB), 1 FROM n"
        ])
        #expect(report.differences.count == VerifyReport.differenceLimit && report.isCut)
        #expect(Set(report.differences).count == report.differences.count)
        try database.close()
    }

    // MARK: - Books

    /// Verifies a copy of the books after the statements.
    private static func verify(_ statements: [String]) async throws -> (SQLiteDatabase, VerifyReport) {
        let books = try await template.value
        let path = NSTemporaryDirectory() + "tokenaudit-\(UUID().uuidString).sqlite"
        try FileManager.default.copyItem(atPath: books.path, toPath: path)
        let database = try SQLiteDatabase(path: path)
        defer { for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + end) } }
        try database.withWriter { connection in
            // Whoever edits the file is not held up by its constraints.
            try connection.execute("PRAGMA ignore_check_constraints = 1")
            try connection.execute("PRAGMA foreign_keys = 0")
            for statement in statements { try connection.execute(statement) }
        }
        return (database, try LedgerVerifier.verify(database))
    }

    /// A running call; settled, voided, policy's, corrected and orphaned ones; one out of quarantine; a reduced, an
    /// expired and an unused grant; a key's limit.
    private static let template = Task { try await makeBooks() }

    private static func makeBooks() async throws -> Books {
        let books = try Books(
            grants: [1_000, 500, 77].map { Money(picoDollars: $0) },
            keyLimit: Money(picoDollars: 5_000)
        )
        let bound = Money(picoDollars: 100)
        let first = try books.open()
        let late = try await hold(4, bound, first)
        _ = try await hold(5, bound, first)
        try await first.close()

        let storage = try books.open(policy: .chargeInput)
        func settle(_ settlement: Settlement) async throws {
            guard await storage.journal.settle(settlement) == .durable else { throw StorageError.busy }
        }
        try await settle(Books.settlement(4, hold: late, charge: Money(picoDollars: 70)))
        let ordinary = try await hold(1, bound, storage)
        try await settle(Books.settlement(1, hold: ordinary, charge: Money(picoDollars: 60)))
        let voided = try await hold(2, bound, storage)
        try await settle(Books.settlement(2, hold: voided, charge: .zero, outcome: .voided))
        try await settle(Books.settlement(6, hold: ordinary, charge: Money(picoDollars: 40)))
        let poisoned = try await hold(7, bound, storage)
        try storage.database.write {
            try $0.execute(
                "CREATE TRIGGER poison BEFORE UPDATE OF charge ON api_requests BEGIN SELECT RAISE(ABORT, 'poison'); END"
            )
        }
        try await settle(Books.settlement(7, hold: poisoned, charge: Money(picoDollars: 50)))
        try storage.database.write { try $0.execute("DROP TRIGGER poison") }
        let clock: @Sendable () -> Instant = { Instant(microseconds: 3_000_000) }
        try storage.database.write { try AuditLeaves.append(act: #"{"act":"test"}"#, now: clock(), $0) }
        guard
            try Quarantine(database: storage.database, now: clock).retry(Books.call(7).id, policy: .void) == .booked
        else { throw StorageError.misuse("not booked") }
        _ = try await hold(3, bound, storage)
        try storage.database.write { connection in
            var balances = Balances()
            try LaneRows.load(
                [],
                of: [QuotaHolder(userID: Books.user, groupID: Books.group)],
                into: &balances,
                connection
            )
            let entries = [
                try balances.reduce(GrantID(1), by: Money(picoDollars: 30), now: clock()),
                try balances.reschedule(GrantID(2), endsAt: clock(), now: clock()),
            ]
            try LaneRows.save(balances, connection)
            for case let entry? in entries {
                try LaneRows.append(entry, call: nil, reason: "test", actor: "test", now: clock(), connection)
            }
        }
        try await storage.close()
        return books
    }

    private static func hold(_ number: UInt64, _ bound: Money, _ storage: EmbeddedStorage) async throws -> Hold {
        let request = Books.request(number, bound: bound, hasSpendingLimit: true)
        guard case .held(let hold) = await storage.journal.admit(request) else {
            throw StorageError.misuse("not held")
        }
        return hold
    }
}
