import Testing

@testable import Domain
@testable import Storage

@Suite("folding beside those who book") struct PeriodFoldLockTests {
    private static let key = "SELECT id FROM statistics_marks WHERE id = 1 FOR UPDATE SKIP LOCKED"

    /// A database that is looked at while a transaction of it is there.
    private struct Watched: Database {
        let database: any Database
        let look: @Sendable () -> Void

        func write<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value {
            try database.write { connection in
                defer { look() }
                return try body(connection)
            }
        }
        func read<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value { try database.read(body) }
        func close() throws {}
    }

    private static func isLocked(_ other: any LedgerDatabase) throws -> Bool {
        try other.withLedger(.upkeep) { connection in
            try connection.begin()
            defer { connection.rollBack() }
            return try connection.query(key) { $0.int64(0) }.isEmpty
        }
    }

    @Test(
        "a fold, and whoever books in a quarter that is over or was folded too early, wait for each other",
        arguments: Engine.servers
    )
    func locks(engine: Engine) throws {
        let books = try TestDatabase(on: engine)
        let other = try books.another()
        defer { try? other.close() }
        let (settlement, closing) = try PeriodFoldTests.booking(at: "2026-03-01T10:10:00Z")
        func locks(at now: String) throws -> Bool {
            let now = try #require(Instant(parsing: now))
            return try books.database.withLedger(.settlements) { connection in
                try connection.begin()
                defer { connection.rollBack() }
                var rollups = Rollups()
                rollups.add(settlement, closing: closing, cacheSavings: .zero)
                try rollups.flush(replica: ReplicaID(1), now: now, connection)
                try connection.flush()
                return try Self.isLocked(other)
            }
        }
        #expect(try !locks(at: "2026-03-01T10:14:59Z"))
        #expect(try locks(at: "2026-03-01T10:15:00Z"))
        let watched = Watched(database: books.database) { #expect((try? Self.isLocked(other)) == true) }
        #expect(try !PeriodFold(database: watched, zones: []).step(now: settlement.result.endedAt))
        try books.database.write {
            try $0.execute(
                "UPDATE statistics_marks SET folded_until = ?",
                SQLValue(RollupPlan.quarter(of: settlement.result.endedAt))
            )
        }
        #expect(try locks(at: "2026-03-01T10:14:59Z"))
    }
}
