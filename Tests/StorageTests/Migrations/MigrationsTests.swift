import Domain
import Foundation
import Testing

@testable import Storage

@Suite("migrations")
struct MigrationsTests {
    private let now = Instant(microseconds: 1)

    @Test("an empty database becomes the newest schema; again changes nothing", arguments: Engine.allCases)
    func fromNothing(engine: Engine) throws {
        let stage = try TestDatabase(on: engine, isMigrated: false)
        let database = stage.database
        #expect(try Migrations.version(of: database) == 0)
        #expect(try Migrations.run(on: database, additiveOnly: true, now: now).count == Migrations.all.count)
        #expect(try Migrations.version(of: database) == Migrations.newest)
        #expect(try Migrations.run(on: database, additiveOnly: true, now: now).isEmpty)
    }

    @Test("a newer schema is left alone", arguments: Engine.allCases)
    func newer(engine: Engine) throws {
        let stage = try TestDatabase(on: engine, isMigrated: false)
        let database = stage.database
        try Migrations.run(on: database, additiveOnly: true, now: now)
        _ = try database.write {
            try $0.execute("INSERT INTO schema_migrations (version, name, applied_at) VALUES (1000, 'future', 1)")
        }
        #expect {
            try Migrations.run(on: database, additiveOnly: true, now: now)
        } throws: { error in
            if case .unusable = error as? StorageError { true } else { false }
        }
    }

    @Test("a schema from before the first release is refused", arguments: Engine.allCases)
    func unreleased(engine: Engine) throws {
        let stage = try TestDatabase(on: engine, isMigrated: false)
        let database = stage.database
        try Migrations.run(on: database, additiveOnly: true, now: now)
        try database.write {
            try $0.execute("DELETE FROM schema_migrations WHERE version > 2")
            try $0.execute("UPDATE schema_migrations SET version = 1")
        }
        #expect {
            try Migrations.run(on: database, additiveOnly: false, now: now)
        } throws: { error in
            if case .unusable = error as? StorageError { true } else { false }
        }
    }

    @Test(
        "rates come to a database with users, keys and models in it, and only such as can be kept",
        arguments: Engine.allCases
    )
    func rateLimits(engine: Engine) throws {
        let stage = try TestDatabase(on: engine, isMigrated: false)
        let database = stage.database
        try database.write { connection in
            for statement in Migration.schema.statements { try connection.execute(statement) }
            try connection.execute("INSERT INTO users (email, created_at, updated_at) VALUES ('a@b', 1, 1)")
            for statement in Migration.rateLimits.statements { try connection.execute(statement) }
        }
        let limits = try database.read { connection in
            try connection.query("SELECT \(RateLimitColumns.list(of: "u")) FROM users u") { row in
                RateLimitColumns.read(row, from: 0)
            }
        }
        #expect(limits == [.none])
        for value in ["0", "-1", "1000000000001"] {
            #expect(throws: StorageError.self) {
                _ = try database.write { try $0.execute("UPDATE users SET tokens_per_minute = \(value)") }
            }
        }
    }

    @Test(
        "flows are summed from the first call on, or in an hour's time where there are calls",
        arguments: Engine.allCases,
        [false, true]
    )
    func flows(engine: Engine, hasCalls: Bool) throws {
        let stage = try TestDatabase(on: engine, isMigrated: false)
        let since = try stage.database.write { connection in
            for migration in [Migration.schema, .statistics] {
                for statement in migration.statements { try connection.execute(statement) }
            }
            if hasCalls {
                try connection.execute(
                    "INSERT INTO api_requests (id, state, replica_id, user_id, key_id, model_id, route_id, provider_id, group_id, price_version_id, price_multiplier, endpoint, is_streamed, hold, parts, output_limit, estimated_input_tokens, estimated_input_price, created_at, ip_address, user_agent_id) VALUES (?, 0, 1, 1, 1, 1, 1, 1, 1, 1, 10000, 1, 0, 100, ?, 1, 1, 1, 1, '', 1)",
                    SQLValue(Books.call(1).id),
                    .blob([])
                )
            }
            for statement in Migration.flows.statements { try connection.execute(statement) }
            return try FlowRows.since(connection).microseconds
        }
        let hour: Int64 = 3_600_000_000
        let clock = Int64(Date().timeIntervalSince1970 * 1_000_000)
        #expect(hasCalls ? abs(since - clock - hour) < hour / 2 : since == 0)
    }

    @Test("two processes at once: one migrates, both go on", arguments: Engine.allCases)
    func atOnce(engine: Engine) async throws {
        let stage = try TestDatabase(on: engine, isMigrated: false)
        let (first, second, now) = (stage.database, try stage.another(), now)
        async let one = BlockingThreads.run { try Migrations.run(on: first, additiveOnly: true, now: now) }
        async let two = BlockingThreads.run { try Migrations.run(on: second, additiveOnly: true, now: now) }
        _ = try await (one, two)
        #expect(try Migrations.version(of: first) == Migrations.newest)
        let rows = try second.read { try $0.query("SELECT COUNT(*) FROM schema_migrations") { $0.int64(0) } }
        #expect(rows == [Int64(Migrations.all.count)])
        try second.close()
    }

    @Test("a migration that was cut off after any of its statements is done by the next start")
    func cutOff() throws {
        let stage = try TestDatabase(on: .mysql, isMigrated: false)
        for migration in Migrations.all {
            for count in Set([1, migration.statements.count / 2, migration.statements.count]) {
                // The server has committed what defines something, and the kill undoes the rest.
                try stage.database.withLedger(.upkeep) { connection in
                    for statement in migration.statements.prefix(count) { try connection.execute(statement) }
                }
            }
        }
        try Migrations.run(on: stage.database, additiveOnly: true, now: now)
        #expect(try Migrations.version(of: stage.database) == Migrations.newest)
        let zones = try stage.database.read { try $0.query("SELECT COUNT(*) FROM statistics_zones") { $0.int64(0) } }
        #expect(zones == [1])
    }

    @Test(
        "every field of the original design has its column",
        arguments: [
            ("users", "email name role is_active created_at updated_at"),
            ("api_keys", "user_id digest prefix last_four is_active"),
            ("api_providers", "name base_url api_key is_active created_at updated_at"),
            (
                "ai_models",
                "name display_name description capabilities context_length max_output_tokens is_active created_at"
            ),
            ("model_routes", "model_id provider_id upstream_model weight priority cost_rates"),
            ("model_groups", "name description price_multiplier is_active created_at"),
            ("model_group_models", "group_id model_id"),
            ("user_quotas", "user_id model_group_id name is_active created_at"),
            ("quota_grants", "funded available held captured forfeited ends_at"),
            (
                "api_requests",
                "id user_id model_id method endpoint input_tokens output_tokens charge status_code duration_ms ip_address user_agent_id created_at"
            ),
            ("api_request_usage", "usage"),
            ("ledger_entries", "amount reason actor"),
        ]
    )
    func fields(table: String, columns: String) throws {
        let books = try Books(grants: [])
        let database = try SQLiteDatabase(path: books.path)
        let have = try database.read { connection in
            Set(try connection.query("SELECT name FROM pragma_table_info(?)", .text(table)) { $0.text(0) })
        }
        #expect(Set(columns.split(separator: " ").map(String.init)).subtracting(have).isEmpty)
        try database.close()
    }

    @Test(
        "what runs at each start, call or look reads by an index, not all there ever was",
        arguments: [
            (Recovery.markUncertain, "api_requests_open"), (Recovery.selectUncertain, "api_requests_open"),
            ("SELECT COUNT(*) FROM api_requests WHERE state IN (0, 3) AND replica_id = ?", "api_requests_open"),
            (
                "UPDATE api_requests SET state = 1 WHERE id = ? AND state IN (0, 3)",
                "USING PRIMARY KEY (id=?)"
            ),
            (QuarterRows.selectID, "usage_rollups_by_dimension"),
            (WatchRows.selectBooked, "USING PRIMARY KEY (bucket=? AND dimension=?)"),
            (WatchRows.selectSwept, "USING INTEGER PRIMARY KEY (rowid>?)"),
            (AlertOutboxStore.selectNext, "alert_deliveries_pending (channel_id=? AND next_attempt_at<?)"),
        ]
    )
    func plans(statement: String, uses index: String) throws {
        let books = try Books(grants: [])
        let database = try SQLiteDatabase(path: books.path)
        let plan = try database.read { try $0.query("EXPLAIN QUERY PLAN " + statement, .integer(1)) { $0.text(3) } }
        #expect(plan.first?.contains(index) == true, "\(plan)")
        try database.close()
    }

    @Test("a call's row refers to nothing by a key that is checked, and costs three indexes at most")
    func callTable() throws {
        let books = try Books(grants: [])
        let database = try SQLiteDatabase(path: books.path)
        let (keys, indexes) = try database.read { connection in
            (
                try connection.query("SELECT * FROM pragma_foreign_key_list('api_requests')") { $0.int64(0) },
                try connection.query("SELECT name FROM pragma_index_list('api_requests')") { $0.text(0) }
            )
        }
        #expect(keys.isEmpty && indexes.count <= 3, "\(indexes)")
        try database.close()
    }
}
