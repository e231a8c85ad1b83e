import Domain
import Foundation
import Synchronization
import Testing

@testable import Storage

@Suite("what every engine's driver does")
struct DatabaseContractTests {
    private struct Stop: Error {}

    private static let insert = "INSERT INTO settings (name, value, updated_at) VALUES (?, ?, 1)"
    private static let names = "SELECT name FROM settings ORDER BY name"

    private static func kind(_ error: any Error) -> String {
        guard let error = error as? StorageError else { return "\(error)" }
        return switch error {
        case .busy: "busy"
        case .contended: "contended"
        case .full: "full"
        case .io: "io"
        case .constraint: "constraint"
        case .unusable: "unusable"
        case .misuse: "misuse"
        }
    }

    private static func names(_ database: any Database) throws -> [String] {
        try database.read { try $0.query(names) { $0.text(0) } }
    }

    @Test("a transaction that throws leaves nothing, and the next one works", arguments: Engine.allCases)
    func rollback(engine: Engine) throws {
        let stage = try TestDatabase(on: engine)
        #expect(throws: Stop.self) {
            try stage.database.write { connection in
                try connection.execute(Self.insert, .text("a"), .null)
                throw Stop()
            }
        }
        #expect(try Self.names(stage.database) == [])
        try stage.database.write { _ = try $0.execute(Self.insert, .text("b"), .null) }
        #expect(try Self.names(stage.another()) == ["b"])
    }

    @Test("after a statement that failed, what was done before it is gone too", arguments: Engine.allCases)
    func failedStatement(engine: Engine) throws {
        let stage = try TestDatabase(on: engine)
        #expect(throws: StorageError.self) {
            try stage.database.write { connection in
                try connection.execute(Self.insert, .text("a"), .null)
                try connection.execute("INSERT INTO settings (name, updated_at) VALUES ('b', NULL)")
            }
        }
        try stage.database.write { _ = try $0.execute(Self.insert, .text("c"), .null) }
        #expect(try Self.names(stage.database) == ["c"])
    }

    @Test("values come back as they went in", arguments: Engine.allCases)
    func values(engine: Engine) throws {
        let stage = try TestDatabase(on: engine)
        let id = CallID(high: 0x0191_C7A4_5F3E_7C11, low: 0x9A55_0C8F_4D2B_7E60)
        let texts = [
            "", "a", "a ", "é \u{1F4B6} ' \" \\ ; %", "中文 \u{1F469}\u{200D}\u{1F4BB}",
            String(repeating: "ж", count: 300_000),
        ]
        let blobs = [[], [0], Array(0...255), [UInt8](repeating: 0xFF, count: 1_500_000)] as [[UInt8]]
        try stage.database.write { connection in
            for (index, text) in texts.enumerated() {
                try connection.execute(Self.insert, .text("text \(index)"), .text(text))
            }
            for (index, blob) in blobs.enumerated() {
                try connection.execute(
                    "INSERT INTO quarantine (call_id, record, cause, created_at) VALUES (?, ?, '', ?)",
                    index == 0 ? SQLValue(id) : .blob([UInt8(index)]),
                    .blob(blob),
                    .integer(index == 0 ? .min : .max)
                )
            }
        }
        let read = try stage.database.read { connection in
            try connection.query("SELECT value, LOWER(value) FROM settings ORDER BY name") { row in
                #expect(!row.isNull(0))
                return row.text(0)
            }
        }
        #expect(read == texts)
        let records = try stage.database.read { connection in
            try connection.query("SELECT record, call_id, created_at FROM quarantine ORDER BY id") { row in
                if row.blob(0).isEmpty {
                    #expect(!row.isNull(0) && row.callID(1) == id && row.int64(2) == .min)
                } else {
                    #expect(row.callID(1) == nil && row.int64(2) == .max)
                }
                return row.blob(0)
            }
        }
        #expect(records == blobs)
        let null = try stage.database.read {
            try $0.query("SELECT value FROM settings WHERE name = 'x' UNION ALL SELECT NULL") { $0.isNull(0) }
        }
        #expect(null == [true])
    }

    @Test("texts are equal if their bytes are", arguments: Engine.allCases)
    func equality(engine: Engine) throws {
        let stage = try TestDatabase(on: engine)
        let texts = ["a", "A", "a ", "á", "a\u{301}"]
        try stage.database.write { connection in
            for text in texts { try connection.execute(Self.insert, .text(text), .null) }
        }
        for text in texts {
            let found = try stage.database.read {
                try $0.query("SELECT name FROM settings WHERE name = ?", .text(text)) { $0.text(0) }
            }
            #expect(found == [text])
        }
        #expect(try Self.names(stage.database) == texts.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    }

    @Test("searches find ASCII letters in any case, and take % and _ for what they are", arguments: Engine.allCases)
    func search(engine: Engine) throws {
        let stage = try TestDatabase(on: engine)
        try stage.database.write { connection in
            for text in ["Alpha", "beta", "100%", "a_b", "a!b"] {
                try connection.execute(Self.insert, .text(text), .null)
            }
        }
        for (text, expected) in [
            ("ALPH", ["Alpha"]), ("%", ["100%"]), ("_", ["a_b"]), ("!", ["a!b"]), ("TA", ["beta"]),
        ] {
            var filter = SQLFilter()
            filter.contains(text, in: ["name"])
            let found = try stage.database.read {
                try $0.query("SELECT name FROM settings\(filter.clause)", values: filter.values) { $0.text(0) }
            }
            #expect(found == expected)
        }
    }

    @Test("what is null is compared too", arguments: Engine.allCases)
    func nulls(engine: Engine) throws {
        let stage = try TestDatabase(on: engine)
        let row = try stage.database.write { connection in
            try connection.execute(Self.insert, .text("a"), .null)
            try connection.execute(Self.insert, .text("b"), .text("x"))
            return try connection.query(
                "SELECT name, value IS NOT ?, updated_at IS NOT ? FROM settings WHERE value IS ?",
                .text("x"),
                .integer(1),
                .null
            ) { "\($0.text(0)) \($0.bool(1)) \($0.bool(2))" }
        }
        #expect(row == ["a true false"])
    }

    @Test("sums, quotients and the larger of two are whole numbers", arguments: Engine.allCases)
    func arithmetic(engine: Engine) throws {
        let stage = try TestDatabase(on: engine)
        let row = try stage.database.write { connection in
            for (name, at) in [("a", 1_999_999), ("b", 3_000_001), ("c", -7)] as [(String, Int64)] {
                try connection.execute(
                    "INSERT INTO settings (name, updated_at) VALUES (?, ?)",
                    .text(name),
                    .integer(at)
                )
            }
            return try connection.query(
                "SELECT SUM(updated_at), SUM(updated_at / 1000000), MAX(MAX(updated_at), 5), MIN(MIN(updated_at), 5), SUM(updated_at % 4) FROM settings"
            ) { row in (0..<5).map { row.int64($0) } }
        }
        #expect(row == [[4_999_993, 4, 3_000_001, -7, 1]])
    }

    @Test("a statement may be in the middle of its rows while others run", arguments: Engine.allCases)
    func nested(engine: Engine) throws {
        let stage = try TestDatabase(on: engine)
        let seen = try stage.database.write { connection in
            for index in 0..<300 {
                try connection.execute(
                    Self.insert,
                    .text("\(1_000 + index)"),
                    .text(String(repeating: "v", count: index * 10))
                )
            }
            var seen: [String] = []
            let outer = try connection.prepare("SELECT name, value FROM settings ORDER BY name")
            defer { outer.reset() }
            while try outer.step() {
                let name = outer.text(0)
                // One that answers, one that writes at once, one that writes later.
                let same = try connection.query("SELECT value FROM settings WHERE name = ?", .text(name)) { $0.text(0) }
                #expect(same == [outer.text(1)])
                try connection.execute("UPDATE settings SET updated_at = 2 WHERE name = ?", .text(name))
                let later = try connection.prepare("UPDATE settings SET updated_at = updated_at + 1 WHERE name = ?")
                later.bind(name, at: 1)
                try later.enqueue(changing: 1)
                seen.append(name)
            }
            return seen
        }
        #expect(seen == (0..<300).map { "\(1_000 + $0)" })
        let at = try stage.database.read {
            try $0.query("SELECT MIN(updated_at), MAX(updated_at) FROM settings") { [$0.int64(0), $0.int64(1)] }
        }
        #expect(at == [[3, 3]])
    }

    @Test("a reader sees one moment, whatever is committed meanwhile", arguments: Engine.allCases)
    func snapshot(engine: Engine) throws {
        let stage = try TestDatabase(on: engine)
        let other = try stage.another()
        defer { try? other.close() }
        let counts = try stage.database.read { connection in
            let count = { try connection.query("SELECT COUNT(*) FROM settings") { $0.int64(0) } }
            let before = try count()
            _ = try other.write { try $0.execute(Self.insert, .text("a"), .null) }
            return try before + count()
        }
        #expect(counts == [0, 0])
        #expect(try Self.names(stage.database) == ["a"])
    }

    @Test("a reader changes nothing", arguments: Engine.allCases)
    func readOnly(engine: Engine) throws {
        let stage = try TestDatabase(on: engine)
        #expect(throws: StorageError.self) {
            try stage.database.read { _ = try $0.execute(Self.insert, .text("a"), .null) }
        }
        #expect(try Self.names(stage.database) == [])
    }

    @Test("acts take turns, also of processes apart", arguments: Engine.servers)
    func turns(engine: Engine) async throws {
        let stage = try TestDatabase(on: engine)
        try stage.database.write { _ = try $0.execute(Self.insert, .text("a"), .text("0")) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                let database = try stage.another()
                group.addTask {
                    for _ in 0..<10 {
                        try await database.writing { connection in
                            // Without a turn of one's own, one of two would be lost.
                            let value = try connection.query("SELECT value FROM settings WHERE name = 'a'") {
                                $0.text(0)
                            }
                            let next = (Int(value[0]) ?? 0) + 1
                            try connection.execute("UPDATE settings SET value = ? WHERE name = 'a'", .text("\(next)"))
                        }
                    }
                    try database.close()
                }
            }
            try await group.waitForAll()
        }
        let value = try stage.database.read { try $0.query("SELECT value FROM settings") { $0.text(0) } }
        #expect(value == ["40"])
    }

    @Test(
        "rows that contradict the schema are refused, without what stood in them",
        arguments: Engine.allCases,
        [
            "INSERT INTO users (email, created_at, updated_at) VALUES ('secret@example.com', 1, 1)",
            "INSERT INTO users (email, created_at, updated_at) VALUES (NULL, 1, 1)",
            "INSERT INTO users (email, role, created_at, updated_at) VALUES ('b@example.com', 'secret', 1, 1)",
            "UPDATE users SET role = 'secret'",
            "INSERT INTO user_quotas (user_id, model_group_id, name, created_at, updated_at) VALUES (99, 99, 'secret', 1, 1)",
            "UPDATE users SET is_active = 2",
        ]
    )
    func constraints(engine: Engine, statement: String) throws {
        let stage = try TestDatabase(on: engine)
        _ = try stage.database.write {
            try $0.execute("INSERT INTO users (email, created_at, updated_at) VALUES ('secret@example.com', 1, 1)")
        }
        do {
            _ = try stage.database.write { try $0.execute(statement) }
            Issue.record("taken")
        } catch StorageError.constraint(let message) {
            #expect(!message.isEmpty)
            #expect(!message.contains("secret"))
        }
    }

    @Test("U+0000 is in no text", arguments: Engine.servers)
    func zero(engine: Engine) throws {
        let stage = try TestDatabase(on: engine)
        do {
            try stage.database.write { _ = try $0.execute(Self.insert, .text("a\0b"), .null) }
            Issue.record("taken")
        } catch StorageError.constraint {}
        try stage.database.write { _ = try $0.execute(Self.insert, .text("c"), .null) }
        #expect(try Self.names(stage.database) == ["c"])
    }

    @Test("what is there already is replaced, or left alone and counted as nothing", arguments: Engine.allCases)
    func conflicts(engine: Engine) throws {
        let stage = try TestDatabase(on: engine)
        try stage.database.write { connection in
            let replace =
                Self.insert
                + " ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = settings.updated_at + 1"
            #expect(try connection.execute(replace, .text("a"), .text("x")) == 1)
            #expect(try connection.execute(replace, .text("a"), .text("y")) == 1)
            let leave = Self.insert + " ON CONFLICT (name) DO NOTHING"
            #expect(try connection.execute(leave, .text("a"), .text("z")) == 0)
            #expect(try connection.execute(leave, .text("b"), .text("z")) == 1)
            let make = "INSERT INTO user_agents (text) VALUES (?) ON CONFLICT (text) DO NOTHING RETURNING id"
            let first = try connection.query(make, .text("agent")) { $0.int64(0) }
            #expect(first.count == 1)
            #expect(try connection.query(make, .text("agent")) { $0.int64(0) } == [])
        }
        let rows = try stage.database.read {
            try $0.query("SELECT name, value, updated_at FROM settings ORDER BY name") {
                "\($0.text(0))\($0.text(1))\($0.int64(2))"
            }
        }
        #expect(rows == ["ay2", "bz1"])
    }

    @Test("an insert tells the id it gave, also where ids were said before", arguments: Engine.allCases)
    func ids(engine: Engine) throws {
        let stage = try TestDatabase(on: engine)
        let ids = try stage.database.write { connection in
            let insert = "INSERT INTO user_agents (text) VALUES (?) RETURNING id"
            let first = try connection.insert(insert, .text("a"))
            let second = try connection.insert(insert, .text("b"))
            return [first, second]
        }
        #expect(ids == [1, 2])
    }

    @Test("an update that changes nothing counts its rows", arguments: Engine.allCases)
    func foundRows(engine: Engine) throws {
        let stage = try TestDatabase(on: engine)
        let changed = try stage.database.write { connection in
            try connection.execute(Self.insert, .text("a"), .text("x"))
            let same = try connection.execute("UPDATE settings SET value = 'x' WHERE name = 'a'")
            let none = try connection.execute("UPDATE settings SET value = 'x' WHERE name = 'b'")
            return [same, none]
        }
        #expect(changed == [1, 0])
    }

    @Test("columns are set from what they were before the statement", arguments: Engine.allCases)
    func simultaneous(engine: Engine) throws {
        let stage = try TestDatabase(on: engine)
        let row = try stage.database.write { connection in
            try connection.execute("INSERT INTO replicas (id, started_at, beat, beat_at) VALUES (1, 10, 1, 20)")
            try connection.execute(
                "UPDATE replicas SET beat = beat + 1, beat_at = beat + 100, started_at = beat_at WHERE id = 1"
            )
            return try connection.query("SELECT beat, beat_at, started_at FROM replicas") { row in
                (0..<3).map { row.int64($0) }
            }
        }
        #expect(row == [[2, 101, 20]])
    }

    @Test("the oldest of a table are deleted so many at a time", arguments: Engine.allCases)
    func limitedDelete(engine: Engine) throws {
        let stage = try TestDatabase(on: engine)
        let deleted = try stage.database.write { connection in
            for name in "abcde" { try connection.execute(Self.insert, .text(String(name)), .null) }
            return try connection.execute(
                "DELETE FROM settings WHERE name IN (SELECT name FROM settings WHERE updated_at < ? ORDER BY name LIMIT ?)",
                .integer(5),
                .integer(3)
            )
        }
        #expect(deleted == 3)
        #expect(try Self.names(stage.database) == ["d", "e"])
    }

    // MARK: - Later execution

    @Test("what is enqueued is done in its order, before anything else is", arguments: Engine.allCases)
    func enqueued(engine: Engine) throws {
        let stage = try TestDatabase(on: engine)
        try stage.database.write { connection in
            let insert = try connection.prepare(Self.insert)
            let update = try connection.prepare(
                "UPDATE settings SET value = ?, updated_at = updated_at + 1 WHERE name = ?"
            )
            let agent = try connection.prepare("INSERT INTO user_agents (text) VALUES (?)")
            for index in 0..<700 {
                insert.bind("\(10_000 + index)", at: 1)
                if index % 3 == 0 {
                    insert.bindNull(at: 2)
                } else {
                    insert.bind(String(repeating: "é", count: index), at: 2)
                }
                try insert.enqueue(changing: 1)
                agent.bind("agent \(index)", at: 1)
                try agent.enqueue(changing: 1)
                update.bind(index % 2 == 0 ? nil : "odd", at: 1)
                update.bind("\(10_000 + index)", at: 2)
                try update.enqueue(changing: 1)
            }
            let counted = try connection.query("SELECT COUNT(*), COUNT(value), SUM(updated_at) FROM settings") { row in
                (0..<3).map { row.int64($0) }
            }
            #expect(counted == [[700, 350, 1_400]])
            try connection.flush()
        }
        let agents = try stage.database.read { try $0.query("SELECT COUNT(*) FROM user_agents") { $0.int64(0) } }
        #expect(agents == [700])
    }

    @Test("a statement that changes more or fewer rows than it must ends the transaction", arguments: Engine.allCases)
    func wrongCount(engine: Engine) throws {
        let stage = try TestDatabase(on: engine)
        for missing in [0, 1, 4] {
            do {
                try stage.database.write { connection in
                    let insert = try connection.prepare(Self.insert)
                    for name in ["a", "b", "c", "d"] {
                        insert.bind(name, at: 1)
                        insert.bindNull(at: 2)
                        try insert.enqueue(changing: 1)
                    }
                    let update = try connection.prepare("UPDATE settings SET value = 'x' WHERE name = ?")
                    for name in ["a", "b", "c", "d", "e"].dropFirst(4 - missing).prefix(2) {
                        update.bind(name, at: 1)
                        try update.enqueue(changing: 1)
                    }
                    try connection.flush()
                    if missing == 4 { throw Stop() }
                }
                Issue.record("committed")
            } catch StorageError.misuse(let message) {
                #expect(missing != 4 && message.contains("rows changed"))
            } catch is Stop { #expect(missing == 4) }
            #expect(try Self.names(stage.database) == [])
        }
    }

    @Test("what an enqueued statement failed of is told by the commit at the latest", arguments: Engine.allCases)
    func lateFailure(engine: Engine) throws {
        let stage = try TestDatabase(on: engine)
        do {
            try stage.database.write { connection in
                let insert = try connection.prepare(Self.insert)
                for name in ["a", "b", "a"] {
                    insert.bind(name, at: 1)
                    insert.bindNull(at: 2)
                    try insert.enqueue(changing: 1)
                }
            }
            Issue.record("committed")
        } catch StorageError.constraint {}
        #expect(try Self.names(stage.database) == [])
    }

    // MARK: - Others

    @Test("a lock that somebody keeps is not waited for long, and says so", arguments: Engine.servers)
    func lockTimeout(engine: Engine) throws {
        let stage = try TestDatabase(on: engine)
        let other = try stage.another()
        defer { try? other.close() }
        try stage.database.write {
            _ = try $0.execute("INSERT INTO replicas (id, started_at, beat_at) VALUES (1, 1, 1)")
        }
        let select = "SELECT beat FROM replicas WHERE id = 1 FOR UPDATE"
        let update = "UPDATE replicas SET beat = 5 WHERE id = 1"
        for statement in [select, update] {
            try stage.database.withLedger(.settlements) { holder in
                try holder.begin()
                defer { holder.rollBack() }
                _ = try holder.query(select) { $0.int64(0) }
                let refused = try other.withLedger(.settlements) { waiting in
                    try waiting.begin()
                    defer { waiting.rollBack() }
                    do { _ = try waiting.query(statement) { $0.int64(0) } } catch { return Self.kind(error) }
                    return "given"
                }
                #expect(refused == "contended")
            }
        }
        try other.withLedger(.settlements) { connection in
            try connection.begin()
            try connection.execute(update)
            try connection.commit()
        }
        #expect(try stage.database.read { try $0.query("SELECT beat FROM replicas") { $0.int64(0) } } == [5])
    }

    @Test("who waits for each other loses, and can do it again", arguments: Engine.servers)
    func deadlock(engine: Engine) async throws {
        let stage = try TestDatabase(on: engine)
        try stage.database.write { connection in
            for id in 1...2 {
                try connection.execute(
                    "INSERT INTO replicas (id, started_at, beat_at) VALUES (?, 1, 1)",
                    .integer(Int64(id))
                )
            }
        }
        let both = Barrier(2)
        let lost = try await withThrowingTaskGroup(of: [String].self) { group in
            for isForward in [true, false] {
                group.addTask {
                    try await BlockingThreads.run {
                        try stage.database.withLedger(isForward ? .settlements : .admissions) {
                            try Self.updateBoth(isForward ? [1, 2] : [2, 1], both, $0)
                        }
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        // PostgreSQL looks for deadlocks as late as locks are given up: there both may lose.
        #expect(!lost.isEmpty && lost.allSatisfy { $0 == "contended" })
        #expect(try stage.database.read { try $0.query("SELECT beat FROM replicas") { $0.int64(0) } } == [2, 2])
    }

    /// - Returns: how attempts failed before one succeeded.
    private static func updateBoth(
        _ order: [Int64],
        _ both: Barrier,
        _ connection: any TransactionConnection
    ) throws -> [String] {
        var lost: [String] = []
        for attempt in 0..<2 {
            do {
                try connection.begin()
                // Again in the order that all keep to.
                for (index, id) in (attempt == 0 ? order : order.sorted()).enumerated() {
                    if index == 1, attempt == 0 { both.wait() }
                    try connection.execute("UPDATE replicas SET beat = beat + 1 WHERE id = ?", .integer(id))
                }
                try connection.commit()
                return lost
            } catch {
                connection.rollBack()
                lost.append(kind(error))
            }
        }
        return lost
    }

    @Test("a session that the server ended fails once, and the next one is another", arguments: Engine.servers)
    func reconnect(engine: Engine) throws {
        let stage = try TestDatabase(on: engine)
        let session = engine == .postgres ? "SELECT pg_backend_pid()" : "SELECT CONNECTION_ID()"
        func end(_ id: Int64) throws {
            switch engine {
            case .sqlite: break
            case .postgres: try engine.administer("SELECT pg_terminate_backend(\(id), 5000)")
            case .mysql: try engine.administer("KILL CONNECTION \(id)")
            }
        }
        // Between two statements, and before a commit.
        for isBeforeCommit in [false, true] {
            do {
                try stage.database.write { connection in
                    try connection.execute(Self.insert, .text("a"), .null)
                    let id = try connection.query(session) { $0.int64(0) }
                    try end(id[0])
                    if !isBeforeCommit { try connection.execute(Self.insert, .text("b"), .null) }
                }
                Issue.record("committed")
            } catch StorageError.io {}
            #expect(try Self.names(stage.database) == [])
        }
        try stage.database.write { _ = try $0.execute(Self.insert, .text("c"), .null) }
        #expect(try Self.names(stage.database) == ["c"])
    }

    @Test("whoever stops in the middle of a transaction loses it", arguments: Engine.servers)
    func idleTransaction(engine: Engine) throws {
        let stage = try TestDatabase(on: engine)
        let limit =
            switch engine {
            case .sqlite, .postgres:
                "SELECT setting FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'"
            case .mysql: "SELECT @@idle_transaction_timeout * 1000"
            }
        for lane in LedgerLane.allCases {
            let found = try stage.database.withLedger(lane) { try $0.query(limit) { $0.text(0) } }
            #expect(found == ["2000"])
        }
    }
}

/// Where threads wait for each other.
private final class Barrier: Sendable {
    private let condition = DispatchSemaphore(value: 0)
    private let missing: Mutex<Int>

    init(_ count: Int) { missing = Mutex(count) }

    func wait() {
        let isLast = missing.withLock { missing in
            missing -= 1
            return missing == 0
        }
        if isLast { condition.signal() } else { condition.wait() }
    }
}
