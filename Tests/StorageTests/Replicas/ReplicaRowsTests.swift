import Domain
import Testing

@testable import Storage

@Suite("replica rows")
struct ReplicaRowsTests {
    private let start = Instant(microseconds: 1_000)
    private let now = Instant(microseconds: 2_000)

    @Test("a beat counts up, and makes the row again where a promoted standby lacks it", arguments: Engine.allCases)
    func restored(engine: Engine) throws {
        let stage = try TestDatabase(on: engine)
        let replica = try stage.database.write { try ReplicaRows.insert(after: ReplicaID(0), now: start, $0) }
        for beats in 1...2 {
            try stage.database.write { try ReplicaRows.beat(replica, startedAt: start, now: now, $0) }
            #expect(try rows(stage) == [[replica.rawValue, 1_000, Int64(beats), 2_000]])
        }
        try stage.database.write { _ = try $0.execute("DELETE FROM replicas") }
        for beats in 1...2 {
            try stage.database.write { try ReplicaRows.beat(replica, startedAt: start, now: now, $0) }
            #expect(try rows(stage) == [[replica.rawValue, 1_000, Int64(beats), 2_000]])
        }
    }

    @Test("nobody beats under a number that was given to another process", arguments: Engine.allCases)
    func taken(engine: Engine) throws {
        let stage = try TestDatabase(on: engine)
        let replica = try stage.database.write { try ReplicaRows.insert(after: ReplicaID(0), now: now, $0) }
        #expect {
            try stage.database.write { try ReplicaRows.beat(replica, startedAt: start, now: now, $0) }
        } throws: { error in
            if case .constraint = error as? StorageError { true } else { false }
        }
        #expect(try rows(stage) == [[replica.rawValue, 2_000, 0, 2_000]])
    }

    private func rows(_ stage: TestDatabase) throws -> [[Int64]] {
        try stage.database.read { connection in
            try connection.query("SELECT id, started_at, beat, beat_at FROM replicas ORDER BY id") { row in
                (0..<4).map { row.int64($0) }
            }
        }
    }
}
