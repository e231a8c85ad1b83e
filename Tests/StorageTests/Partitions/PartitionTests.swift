import Dispatch
import Domain
import Glibc
import Testing

@testable import Storage

@Suite("calls in ranges of PostgreSQL", .timeLimit(.minutes(5)))
struct PartitionTests {
    static func instant(_ day: String, milliseconds: Int64 = 0) throws -> Instant {
        let days = try #require(CivilDate(parsing: day)).daysSince1970
        return Instant(microseconds: days * 86_400_000_000 + milliseconds * 1_000)
    }

    /// Without the ranges that another test made.
    private static func stage() throws -> TestDatabase {
        let stage = try TestDatabase(on: .postgres, isMigrated: false)
        try Migrations.run(on: stage.database, additiveOnly: true, now: Instant(microseconds: 1))
        return stage
    }

    private static func insert(_ connection: any SQLConnection, _ table: PartitionedTable, at instant: Instant) throws {
        let id = SQLValue(CallID(at: instant, random: (.random(in: 0 ... .max), .random(in: 0 ... .max))))
        switch table.name {
        case PartitionedTable.usage.name:
            try connection.execute("INSERT INTO api_request_usage (call_id, usage) VALUES (?, ?)", id, .blob([1]))
        default:
            try connection.execute(
                "INSERT INTO api_requests (id, state, replica_id, user_id, key_id, model_id, route_id, provider_id, group_id, price_version_id, price_multiplier, endpoint, is_streamed, hold, parts, output_limit, estimated_input_tokens, estimated_input_price, created_at, ip_address, user_agent_id) VALUES (?, 2, 1, 1, 1, 1, 1, 1, 1, 1, 10000, 1, 0, 100, ?, 1, 1, 1, 1, '', 1)",
                id,
                .blob([])
            )
        }
    }

    private static func count(_ table: String, _ database: any Database) throws -> Int64? {
        try database.read { try $0.query("SELECT COUNT(*) FROM \(table)") { $0.int64(0) }.first }
    }

    /// Where a table's rows stand on the disk.
    private static func file(_ table: String, _ database: any Database) throws -> Int64? {
        try database.read { try $0.query("SELECT pg_relation_filenode('\(table)')") { $0.int64(0) }.first }
    }

    @Test("tables that have rows become the first ranges as they stand: nothing is copied, nothing is lost")
    func existing() throws {
        let stage = try TestDatabase(on: .postgres, isMigrated: false)
        let database = stage.database
        try database.write { connection in
            for migration in Migrations.all where migration.version < Migration.partitions.version {
                for statement in migration.statements { try connection.execute(statement) }
            }
            for table in PartitionedTable.all {
                for day in ["2019-03-01", "2026-11-30"] { try Self.insert(connection, table, at: Self.instant(day)) }
            }
        }
        let before = try PartitionedTable.all.map { try Self.file($0.name, database) }
        try database.write { connection in
            for statement in Migration.partitions.onPostgres { try connection.execute(statement) }
        }
        let upkeep = try #require(PartitionUpkeep(database))
        let made = try upkeep.extend(now: Self.instant("2026-12-01"))
        #expect(made == ["api_requests_to_20261231", "api_request_usage_to_20261231"])
        #expect(try made.map { try Self.file($0, database) } == before)
        for table in PartitionedTable.all {
            #expect(try Self.count(table.name, database) == 2)
            #expect(try Self.count(table.rest, database) == 0)
        }
    }

    @Test("an upgrade waits for who reads the tables, and keeps nobody waiting for long")
    func upgradeBesideReader() async throws {
        let stage = try TestDatabase(on: .postgres, isMigrated: false)
        let database = stage.database
        let first = Migration.partitions.version
        try Migrations.run(on: database, additiveOnly: true, now: Instant(microseconds: 1))
        // As it was before: one table, and a schema that says so.
        try database.write { connection in
            try connection.execute("DELETE FROM schema_migrations WHERE version >= ?", .integer(first))
            try connection.execute("ALTER TABLE api_keys DROP COLUMN is_playground")
            try connection.execute("ALTER TABLE statistics_marks DROP COLUMN flows_since")
            for table in PartitionedTable.all {
                try connection.execute("ALTER TABLE \(table.name) DETACH PARTITION \(table.rest)")
                try connection.execute("DROP TABLE \(table.name)")
                try connection.execute("ALTER TABLE \(table.rest) RENAME TO \(table.name)")
            }
        }
        let reader = try stage.another()
        let hasBegun = DispatchSemaphore(value: 0)
        async let reading: Void = BlockingThreads.run {
            try reader.read { connection in
                _ = try connection.query("SELECT COUNT(*) FROM api_requests") { $0.int64(0) }
                hasBegun.signal()
                usleep(1_500_000)
            }
        }
        let (upgrade, taken) = try await BlockingThreads.run {
            hasBegun.wait()
            let upgrade = Task.detached {
                try await BlockingThreads.run {
                    try Migrations.run(on: database, additiveOnly: true, now: Instant(microseconds: 2)).map(\.version)
                }
            }
            // Whoever wants the table meanwhile gets it.
            usleep(100_000)
            let start = ContinuousClock.now
            try reader.withLedger(.settlements) { connection in
                try connection.transaction { try connection.execute("LOCK TABLE api_requests IN ROW EXCLUSIVE MODE") }
            }
            return (upgrade, ContinuousClock.now - start)
        }
        #expect(taken < .seconds(1), "\(taken)")
        try await reading
        #expect(try await upgrade.value == Migrations.all.map(\.version).filter { $0 >= first })
        #expect(try Self.count("api_requests", database) == 0)
        try reader.close()
    }

    @Test("there is a range for each call of the coming week, whenever it is looked for")
    func ahead() throws {
        let stage = try Self.stage()
        let upkeep = try #require(PartitionUpkeep(stage.database))
        let looks: [(day: String, milliseconds: Int64, made: [String])] = [
            ("2026-12-01", 0, ["api_requests_to_20261231", "api_request_usage_to_20261231"]),
            ("2026-12-01", 1, []),
            ("2026-12-25", 0, []),
            ("2026-12-25", 1, ["api_requests_to_20271231", "api_request_usage_to_20270131"]),
            // Nobody looked for months.
            ("2027-05-20", 0, ["api_request_usage_to_20270531"]),
            ("2027-05-30", 0, ["api_request_usage_to_20270630"]),
            (
                "2028-02-28", 0,
                ["api_requests_to_20281231", "api_request_usage_to_20280229", "api_request_usage_to_20280331"]
            ),
        ]
        for look in looks {
            let now = try Self.instant(look.day, milliseconds: look.milliseconds)
            #expect(try upkeep.extend(now: now) == look.made, "\(look.day)")
            for table in PartitionedTable.all {
                for days in [0, 6] as [Int64] {
                    let at = Instant(microseconds: now.microseconds + days * 86_400_000_000)
                    try stage.database.write { try Self.insert($0, table, at: at) }
                }
                #expect(try Self.count(table.rest, stage.database) == 0, "\(look.day)")
            }
        }
    }

    @Test("rows that no range was there for become one; those of another time stay behind", arguments: [false, true])
    func rest(hasStray: Bool) throws {
        let stage = try Self.stage()
        let database = stage.database
        let upkeep = try #require(PartitionUpkeep(database))
        _ = try upkeep.extend(now: Self.instant("2026-12-01"))
        let table = PartitionedTable.usage
        try database.write { connection in
            for day in ["2027-01-01", "2027-03-31"] { try Self.insert(connection, table, at: Self.instant(day)) }
            if hasStray { try Self.insert(connection, table, at: Self.instant("2090-01-01")) }
        }
        let file = try Self.file(table.rest, database)
        #expect(try upkeep.extend(now: Self.instant("2027-04-02")).contains("api_request_usage_to_20270430"))
        #expect(try Self.file("api_request_usage_to_20270430", database) == file)
        #expect(try Self.count("api_request_usage_to_20270430", database) == 2)
        #expect(try Self.count(table.rest, database) == (hasStray ? 1 : 0))
        #expect(try Self.count(table.name, database) == (hasStray ? 4 : 3) - 1)
        // What proved the bounds is gone: it would refuse calls later.
        let checks = try database.read {
            try $0.query("SELECT COUNT(*) FROM pg_constraint WHERE conname LIKE '%!_bounds' ESCAPE '!'") { $0.int64(0) }
        }
        #expect(checks == [0])
        // It goes on from there.
        #expect(try upkeep.extend(now: Self.instant("2027-04-29")) == ["api_request_usage_to_20270531"])
    }

    @Test("where somebody reads, it gives up at once, and calls wait no longer than that")
    func reader() throws {
        let stage = try Self.stage()
        let database = stage.database
        let upkeep = try #require(PartitionUpkeep(database))
        try database.read { connection in
            _ = try connection.query("SELECT COUNT(*) FROM api_requests") { $0.int64(0) }
            let start = ContinuousClock.now
            #expect {
                try upkeep.extend(now: Self.instant("2026-12-01"))
            } throws: { error in
                if case .contended = error as? StorageError { true } else { false }
            }
            #expect(ContinuousClock.now - start < .seconds(1))
        }
        #expect(try upkeep.extend(now: Self.instant("2026-12-01")).count == 2)
    }

    @Test("no statement of a call's road reads a range that its calls are not of, or a whole table")
    func pruning() throws {
        let stage = try Self.stage()
        let database = stage.database
        try Books.fill(database, grants: [Money(picoDollars: 1_000_000_000)])
        let upkeep = try #require(PartitionUpkeep(database))
        for day in ["2026-12-01", "2026-12-27"] { _ = try upkeep.extend(now: Self.instant(day)) }
        let writer = BatchWriter(
            database: database,
            lane: .settlements,
            openCalls: OpenCalls(),
            memory: LedgerBatch.Memory(replica: ReplicaID(1)),
            newest: Instant(microseconds: 1),
            batchMicroseconds: 1_000_000
        ) { Instant(microseconds: 5) }
        func serve(_ numbers: Range<UInt64>, on day: String) throws {
            let at = UInt64(try Self.instant(day).microseconds / 1_000)
            let admissions = numbers.map { number in
                JournalWork.admit(
                    PendingAdmission(Books.request(number, bound: Money(picoDollars: 100), at: at), queuedAt: 0) { _ in
                    }
                )
            }
            let admitted = try writer.commit(admissions[...], trustsMemory: true)
            let settlements = zip(numbers, admitted.answers).compactMap { number, answer -> JournalWork? in
                guard case .held(let hold)? = answer else { return nil }
                return .settle(
                    PendingSettlement(Books.settlement(number, hold: hold, charge: Money(picoDollars: 40), at: at))
                )
            }
            #expect(settlements.count == numbers.count)
            _ = try writer.commit(settlements[...], trustsMemory: true)
        }
        /// By range: reads of it whole, and by its indexes.
        func reads() throws -> [String: (whole: Int64, indexed: Int64)] {
            try database.withLedger(.settlements) { connection in
                _ = try connection.query("SELECT 1 FROM pg_stat_force_next_flush()") { _ in () }
            }
            let rows = try database.read { connection in
                try connection.query(
                    "SELECT CAST(relname AS VARCHAR), COALESCE(seq_scan, 0), COALESCE(idx_scan, 0) FROM pg_stat_user_tables WHERE relname LIKE 'api!_request%' ESCAPE '!'"
                ) { ($0.text(0), (whole: $0.int64(1), indexed: $0.int64(2))) }
            }
            return Dictionary(rows) { first, _ in first }
        }
        try serve(0..<100, on: "2026-12-02")
        let before = try reads()
        for round in 1...5 as ClosedRange<UInt64> { try serve(round * 100..<(round * 100 + 100), on: "2027-01-02") }
        let after = try reads()
        for (range, count) in after {
            let known = before[range] ?? (0, 0)
            #expect(count.whole == known.whole, "\(range) was read whole")
            let isOfThem = range == "api_requests_to_20271231"
            #expect((count.indexed > known.indexed) == isOfThem, "\(range): \(count.indexed - known.indexed) look-ups")
        }
        #expect(after.count >= 6)
        #expect(try Self.count("api_requests_to_20271231", database) == 500)
        #expect(try Self.count("api_request_usage_to_20270131", database) == 500)
        #expect(try LedgerVerifier.verify(database).differences == [])
    }

    @Test("calls go on while ranges are made and taken over beside them")
    func traffic() async throws {
        let stage = try Self.stage()
        let database = stage.database
        try Books.fill(database, grants: [Money(picoDollars: 1_000_000_000)])
        let storage = try stage.serve()
        let upkeep = try #require(PartitionUpkeep(database))
        let start = try Self.instant("2026-12-01")
        let monthMilliseconds: Int64 = 31 * 86_400_000
        // Calls of twelve months, one after the other.
        async let traffic = Traffic.run(storage.journal, threads: 8, calls: 60) { call in
            UInt64(start.microseconds / 1_000 + Int64(call / 5) * monthMilliseconds)
        }
        // Months behind them and ahead of them.
        for month in 0..<14 as Range<Int64> {
            let now = Instant(microseconds: start.microseconds + month * monthMilliseconds * 1_000)
            for _ in 0..<50 {
                do {
                    _ = try await BlockingThreads.run { try upkeep.extend(now: now) }
                    break
                } catch StorageError.contended {} catch StorageError.constraint {}
            }
        }
        let outcome = try await traffic
        #expect(outcome.settled == 480)
        #expect(outcome.slowest < .seconds(2), "a settlement took \(outcome.slowest)")
        #expect(try Self.count("api_requests WHERE state = 1", database) == 480)
        #expect(try Self.count("api_request_usage", database) == 480)
        #expect(try LedgerVerifier.verify(database).differences == [])
        try await storage.close()
    }
}
