import Domain
import Testing

@testable import Storage

@Suite("what books say of how they are", .everyEngine, .namesEngine)
struct BooksHealthTests {
    private static let clock: @Sendable () -> Instant = { Instant(microseconds: 77) }

    @Test("open, uncertain and quarantined are counted apart, and replicas that have not ended are named")
    func counts() throws {
        let stage = try TestDatabase()
        try Books.fill(stage.database, grants: [])
        let now = Instant(microseconds: 1_000_000)
        let (gone, first, second) = try stage.database.write { connection in
            let ids = try (0..<3).map { _ in try ReplicaRows.insert(after: ReplicaID(0), now: now, connection) }
            try ReplicaRows.end(ids[0], now: now, connection)
            try ReplicaRows.beat(ids[2], now: Instant(microseconds: 3_000_000), connection)
            let insert = try connection.prepare(
                "INSERT INTO api_requests (id, state, replica_id, user_id, key_id, model_id, route_id, provider_id, group_id, price_version_id, price_multiplier, endpoint, is_streamed, hold, parts, output_limit, estimated_input_tokens, estimated_input_price, created_at, ip_address, user_agent_id) VALUES (?, ?, 1, 1, 1, 1, 1, 1, 1, 1, 10000, 1, 0, 100, ?, 1, 1, 1, 1, '', 1)"
            )
            for (number, state) in [Int64(0), 0, 1, 2, 3].enumerated() {
                insert.bind(SQLValue(Books.call(UInt64(number)).id), at: 1)
                insert.bind(state, at: 2)
                insert.bind(SQLValue.blob([]), at: 3)
                try insert.enqueue(changing: 1)
            }
            try connection.flush()
            try connection.execute(
                "INSERT INTO quarantine (call_id, record, cause, created_at) VALUES (?, ?, 'x', 1)",
                SQLValue(Books.call(1).id),
                .blob([1])
            )
            return (ids[0], ids[1], ids[2])
        }
        func read(isAlone: Bool) throws -> BooksHealth {
            try stage.database.read {
                try BooksHealthReader(replica: second, isAlone: isAlone, clock: Self.clock).read($0)
            }
        }
        let health = try read(isAlone: false)
        #expect(health.openCalls == 2 && health.uncertainCalls == 1 && health.quarantined == 1)
        #expect(health.audit == nil && health.latencyMicroseconds >= 0)
        #expect(
            health.replicas == [
                .init(id: second, startedAt: now, beatAt: Instant(microseconds: 3_000_000), isThis: true),
                .init(id: first, startedAt: now, beatAt: now, isThis: false),
            ]
        )
        #expect(!health.replicas.map(\.id).contains(gone))
        #expect(try read(isAlone: true).replicas.allSatisfy { $0.beatAt == nil })
        #expect(health.statistics.zones == ["UTC"] && health.statistics.foldedUntil == nil)
        let tables = health.ranges.map(\.table)
        #expect(tables == (Engine.current == .postgres ? PartitionedTable.all.map(\.name) : []))
    }
}
