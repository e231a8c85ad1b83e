import Dispatch
import Domain
import Glibc
import Logging
import Synchronization
import Testing

@testable import Storage

@Suite("changes that PostgreSQL tells of", .timeLimit(.minutes(5)), .serialized)
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

        /// Blocks. - Returns: whether it does in the end.
        func listens() -> Bool {
            for _ in 0..<200 where !listener.isListening { usleep(50_000) }
            return listener.isListening
        }

        /// Changes the key. Blocks. - Returns: how long the replica went on knowing what it had been.
        func change(isTold: Bool = true) throws -> Duration {
            let isLoaded = DispatchSemaphore(value: 0)
            directory.load(PostgresListenerTests.digest) { _ in isLoaded.signal() }
            isLoaded.wait()
            guard knows else { throw StorageError.misuse("the key is not known") }
            try other.write { connection in
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
            while knows, ContinuousClock.now - start < .seconds(10) { usleep(1_000) }
            return ContinuousClock.now - start
        }

        private var knows: Bool {
            if case .known = directory.principal(for: PostgresListenerTests.digest) { true } else { false }
        }

        /// Ends the session that listens, as an administrator of the server may. - Returns: how many there were.
        func cut() throws -> Int64? {
            try other.read { connection in
                try connection.query(
                    "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()"
                ) { $0.int64(0) }.first
            }
        }

        func close() throws {
            directory.stop()
            for _ in 0..<200 where listener.isListening { usleep(10_000) }
            #expect(!listener.isListening)
            try other.close()
        }
    }

    @Test("a change is known at once, without looking for it")
    func told() async throws {
        let stage = try Stage()
        stage.directory.start(heardMilliseconds: 60_000)
        // On a thread of its own: other tests keep those of the pool.
        let (listens, times) = try await BlockingThreads.run {
            (stage.listens(), try (0..<5).map { _ in try stage.change() })
        }
        #expect(listens)
        #expect(times.allSatisfy { $0 < .milliseconds(300) }, "\(times)")
        try stage.close()
    }

    @Test("where the session is cut, changes are known in time all the same, and at once again later")
    func cut() async throws {
        let stage = try Stage()
        stage.directory.start(heardMilliseconds: 60_000)
        let (cuts, times, later) = try await BlockingThreads.run {
            var (cuts, times) = ([Int64?](), [Duration]())
            for _ in 0..<2 where stage.listens() {
                cuts.append(try stage.cut())
                times.append(try stage.change())
            }
            _ = stage.listens()
            return (cuts, times, try stage.change())
        }
        #expect(cuts == [1, 1])
        #expect(times.allSatisfy { $0 < .seconds(2) }, "\(times)")
        #expect(later < .milliseconds(300))
        try stage.close()
    }

    @Test("what nobody tells of is looked for")
    func untold() async throws {
        let stage = try Stage()
        stage.directory.start()
        let (listens, time) = try await BlockingThreads.run { (stage.listens(), try stage.change(isTold: false)) }
        #expect(listens)
        #expect(time < .seconds(2), "\(time)")
        try stage.close()
    }
}
