import Domain
import Testing

@testable import Storage

@Suite("requests that come again", .everyEngine, .namesEngine) struct IdempotencyRowsTests {
    private static let day: Int64 = 86_400

    private func repeatable(_ key: String, _ fingerprint: UInt8 = 1) -> Repeatable<Int> {
        Repeatable(key: key, fingerprint: [UInt8](repeating: fingerprint, count: 32)) {
            [UInt8(truncatingIfNeeded: $0)]
        }
    }

    /// - Returns: `made 7`, `before 7`.
    private func ask(
        _ stage: QuotaStage,
        _ request: Repeatable<Int>?,
        by actor: Actor = .user(UserID(1), .admin),
        change: @escaping @Sendable () throws -> Int
    ) async throws(DeskError) -> String {
        let outcome = try await stage.desk.write { act in
            try IdempotencyRows.once(request, by: actor, act, change: change)
        }
        return switch outcome {
        case .made(let value): "made \(value)"
        case .before(let answer): "before \(answer.map(String.init).joined())"
        }
    }

    @Test("a key is its user's, for one request and a day; a change that fails leaves none; commands need none")
    func keys() async throws {
        let stage = try QuotaStage()
        #expect(try await ask(stage, repeatable("a")) { 1 } == "made 1")
        #expect(try await ask(stage, repeatable("a")) { 2 } == "before 1")
        await #expect(throws: DeskError.refused(field: "Idempotency-Key", .otherRequest)) {
            try await ask(stage, repeatable("a", 2)) { 3 }
        }
        await #expect(throws: DeskError.conflict(.ended)) {
            try await ask(stage, repeatable("b")) { throw DeskError.conflict(.ended) }
        }
        #expect(try await ask(stage, repeatable("b", 2)) { 4 } == "made 4")
        #expect(try await ask(stage, nil) { 5 } == "made 5")
        for value in [6, 7] {
            #expect(try await ask(stage, repeatable("a"), by: .command("test")) { value } == "made \(value)")
        }
        stage.clock.advance(seconds: Self.day - 1)
        #expect(try await ask(stage, repeatable("a")) { 8 } == "before 1")
        stage.clock.advance(seconds: 1)
        #expect(try await ask(stage, repeatable("a", 3)) { 9 } == "made 9")
        #expect(try await ask(stage, repeatable("a", 3)) { 10 } == "before 9")
    }

    @Test("what is over is deleted, a hundred rows at a time and faster than it comes")
    func purge() async throws {
        let stage = try QuotaStage()
        for index in 0..<150 { _ = try await ask(stage, repeatable("old \(index)")) { 1 } }
        stage.clock.advance(seconds: Self.day)
        func count() throws -> Int64 {
            try stage.storage.database.read { connection in
                try connection.query("SELECT COUNT(*) FROM idempotency_keys") { $0.int64(0) }
            }[0]
        }
        for left in [51, 2, 3] as [Int64] {
            _ = try await ask(stage, repeatable("new \(left)")) { 1 }
            #expect(try count() == left)
        }
    }

    @Test(
        "is found by an index",
        arguments: [
            (IdempotencyRows.select, "sqlite_autoindex_idempotency_keys_1 (user_id=? AND key=?)"),
            (IdempotencyRows.purge, "idempotency_keys_by_age (created_at<?)"),
        ]
    )
    func plans(statement: String, uses part: String) throws {
        // Plans of SQLite's.
        guard Engine.current == .sqlite else { return }
        let stage = try QuotaStage()
        let plan = try stage.storage.database.read { connection in
            try connection.query("EXPLAIN QUERY PLAN " + statement, .integer(1)) { $0.text(3) }
        }
        #expect(plan.contains { $0.contains(part) } && !plan.contains { $0.hasPrefix("SCAN") }, "\(plan)")
    }
}
