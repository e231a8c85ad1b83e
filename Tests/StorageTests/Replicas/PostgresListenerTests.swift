import Dispatch
import Domain
import Logging
import Synchronization
import Testing

@testable import Storage

@Suite("changes that PostgreSQL tells of", .timeLimit(.minutes(1)), .serialized)
struct PostgresListenerTests {
    private static let digest = KeyDigest(
        (0x0707_0707_0707_0707, 0x0707_0707_0707_0707, 0x0707_0707_0707_0707, 0x0707_0707_0707_0707)
    )

    /// A replica that knows a key, and another process beside it that changes the key's row.
    private final class Stage: Sendable {
        let stage: TestDatabase
        let directory: StorageDirectory
        let listener: PostgresListener
        let other: any LedgerDatabase

        init() throws {
            stage = try TestDatabase(on: .postgres)
            try Books.fill(stage.database, grants: [Money(picoDollars: 100)])
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            listener = try #require((stage.database as? ServerDatabase)?.listener)
            directory = try StorageDirectory(
                database: stage.database,
                vault: Vault(master: .random()),
                logger: logger,
                listener: listener
            )
            other = try stage.another()
        }

        func expectListening() async throws {
            for _ in 0..<100 where !listener.isListening { try await Task.sleep(for: .milliseconds(50)) }
            #expect(listener.isListening)
        }

        /// Changes the key. - Returns: how long the replica went on knowing what it had been.
        func change(isTold: Bool = true) async throws -> Duration {
            let known = await withCheckedContinuation { continuation in
                directory.load(PostgresListenerTests.digest) { continuation.resume(returning: $0) }
            }
            guard case .known = known else { throw StorageError.misuse("the key is not known") }
            try await other.writing { connection in
                if isTold {
                    try ActTransaction(connection) { Instant(microseconds: 9) }
                        .record(.apiKey, row: 1, .updated, by: .command("test"))
                } else {
                    try connection.execute(
                        "INSERT INTO change_feed (kind, row_id, created_at) VALUES ('api_key', 1, 1)"
                    )
                }
            }
            let start = ContinuousClock.now
            while case .known = directory.principal(for: PostgresListenerTests.digest) {
                guard ContinuousClock.now - start < .seconds(10) else { return .seconds(10) }
                try await Task.sleep(for: .milliseconds(2))
            }
            return ContinuousClock.now - start
        }

        func close() throws {
            directory.stop()
            #expect(!listener.isListening)
            try other.close()
        }
    }

    @Test("a change is known at once, without looking for it")
    func told() async throws {
        let stage = try Stage()
        stage.directory.start(heardMilliseconds: 60_000)
        try await stage.expectListening()
        for _ in 0..<5 {
            let taken = try await stage.change()
            #expect(taken < .milliseconds(300))
        }
        try stage.close()
    }

    @Test("where the session is cut, changes are known in time all the same, and at once again later")
    func cut() async throws {
        let stage = try Stage()
        stage.directory.start(heardMilliseconds: 60_000)
        try await stage.expectListening()
        for _ in 0..<2 {
            let ended = try await stage.other.reading { connection in
                try connection.query(
                    "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()"
                ) { $0.int64(0) }
            }
            #expect(ended == [1])
            let taken = try await stage.change()
            #expect(taken < .seconds(2))
            try await stage.expectListening()
        }
        #expect(try await stage.change() < .milliseconds(300))
        try stage.close()
    }

    @Test("what nobody tells of is looked for")
    func untold() async throws {
        let stage = try Stage()
        stage.directory.start()
        try await stage.expectListening()
        let taken = try await stage.change(isTold: false)
        #expect(taken < .seconds(2))
        try stage.close()
    }
}
