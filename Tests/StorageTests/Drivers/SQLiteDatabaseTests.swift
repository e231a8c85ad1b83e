import Domain
import Foundation
import Testing

@testable import Storage

@Suite("the SQLite driver")
struct SQLiteDatabaseTests {
    @Test("commits are FULL, in WAL, and nobody checkpoints behind the journal's back")
    func settings() throws {
        let books = try Books(grants: [])
        let database = try SQLiteDatabase(path: books.path)
        let settings = try database.withWriter { connection in
            try ["synchronous", "journal_mode", "wal_autocheckpoint", "foreign_keys"].flatMap { name in
                try connection.query("PRAGMA \(name)") { $0.text(0) }
            }
        }
        #expect(settings == ["2", "wal", "0", "1"])
        try database.close()
    }

    @Test("each commit is one fdatasync of the WAL, whatever it carries", arguments: [1, 8, 128])
    func syncs(batch: Int) throws {
        let books = try Books(grants: [Money(picoDollars: 1_000_000)])
        let disk = Disk(under: books.folder)
        defer { disk.remove() }
        let database = try SQLiteDatabase(path: books.path)
        let writer = BatchWriter(
            database: database,
            lane: .settlements,
            openCalls: OpenCalls(),
            memory: .init(replica: ReplicaID(1)),
            newest: Instant(microseconds: 1),
            batchMicroseconds: 10_000_000
        ) { Instant(microseconds: 5) }
        func commit(_ round: Int) throws {
            let work = (0..<batch).map { index in
                JournalWork.admit(
                    PendingAdmission(
                        Books.request(UInt64(round * batch + index), bound: Money(picoDollars: 1)),
                        queuedAt: 0
                    ) { _ in }
                )
            }
            let committed = try writer.commit(work[...], trustsMemory: true)
            #expect(committed.count == batch)
        }
        // The first one also syncs the header of the new WAL.
        try commit(0)
        let before = disk.syncs(of: "-wal")
        #expect(before > 0)
        for round in 1...20 { try commit(round) }
        #expect(disk.syncs(of: "-wal") - before == 20)
        try database.close()
    }

    @Test(
        "rows that contradict the books are refused by the schema itself",
        arguments: [
            "UPDATE quota_grants SET available = available - 1",
            "UPDATE quota_grants SET available = -1, funded = -1",
            "UPDATE quota_grants SET held = -1, available = available + 1",
            "UPDATE quota_grants SET funded = 'much'",
            "UPDATE quota_grants SET ends_at = starts_at",
            "INSERT INTO quota_grants (quota_id, user_id, group_id, ordinal, starts_at, funded, available, created_at) VALUES (1, 1, 1, 1, 0, 0, 0, 0)",
            "INSERT INTO quota_grants (quota_id, user_id, group_id, ordinal, starts_at, funded, available, created_at) VALUES (99, 1, 1, 1, 0, 0, 0, 0)",
            "INSERT INTO api_key_limits (key_id, funded, available) VALUES (1, 2, 1)",
            "UPDATE users SET role = 'root'",
            "UPDATE users SET is_active = 2",
            "INSERT INTO users (email, created_at, updated_at) VALUES ('a@example.com', 1, 1)",
            "UPDATE users SET email = NULL",
            "UPDATE api_keys SET digest = x'00'",
            "UPDATE model_groups SET price_multiplier = -1",
            "INSERT INTO user_quotas (user_id, model_group_id, name, created_at, updated_at) VALUES (1, 1, 'default', 1, 1)",
            "UPDATE api_requests SET charge = hold + 1",
            "UPDATE api_requests SET charge = -1",
            "UPDATE api_requests SET cost = -1",
            "UPDATE api_requests SET state = 4",
            "UPDATE api_requests SET id = x'00'",
            "INSERT INTO audit_leaves (replica_id, number, count, kind, data, created_at) VALUES (1, 0, 0, 1, x'', 1)",
        ]
    )
    func constraints(statement: String) throws {
        let books = try Books(grants: [Money(picoDollars: 100)])
        let database = try SQLiteDatabase(path: books.path)
        let writer = BatchWriter(
            database: database,
            lane: .settlements,
            openCalls: OpenCalls(),
            memory: .init(replica: ReplicaID(1)),
            newest: Instant(microseconds: 1),
            batchMicroseconds: 10_000
        ) { Instant(microseconds: 5) }
        let request = PendingAdmission(Books.request(1, bound: Money(picoDollars: 10)), queuedAt: 0) { _ in }
        _ = try writer.commit([.admit(request)][...], trustsMemory: true)
        do {
            _ = try database.write { try $0.execute(statement) }
            Issue.record("taken")
        } catch StorageError.constraint {}
        try database.close()
    }

    @Test("a transaction that throws leaves nothing, and the next one works")
    func rollback() throws {
        struct Stop: Error {}
        let books = try Books(grants: [])
        let database = try SQLiteDatabase(path: books.path)
        let insert = "INSERT INTO settings (name, value, updated_at) VALUES (?, 'x', 1)"
        #expect(throws: Stop.self) {
            try database.write { connection in
                try connection.execute(insert, .text("a"))
                throw Stop()
            }
        }
        _ = try database.write { try $0.execute(insert, .text("b")) }
        #expect(try database.read { try $0.query("SELECT name FROM settings") { $0.text(0) } } == ["b"])
        try database.close()
    }

    @Test("values come back as they went in")
    func values() throws {
        let books = try Books(grants: [])
        let database = try SQLiteDatabase(path: books.path)
        let id = CallID(high: 0x0191_C7A4_5F3E_7C11, low: 0x9A55_0C8F_4D2B_7E60)
        let row = try database.read { connection in
            try connection.query(
                "SELECT ?, ?, ?, ?, ?, ?",
                .integer(.min),
                .text("é \u{1F4B6} ' \" ;"),
                .text(""),
                .blob([]),
                SQLValue(id),
                .null
            ) { row in
                #expect(row.int64(0) == .min)
                #expect(row.text(1) == "é \u{1F4B6} ' \" ;")
                #expect(row.optionalText(2) == "")
                #expect(!row.isNull(3) && row.blob(3) == [])
                #expect(row.callID(4) == id)
                #expect(row.isNull(5))
                return true
            }
        }
        #expect(row == [true])
        try database.close()
    }

    @Test("what is no database, or cannot be written, is refused in words")
    func refused() throws {
        let books = try Books(grants: [])
        let text = books.folder + "/text.sqlite"
        try String(repeating: "this is no database. ", count: 1_000).write(
            toFile: text,
            atomically: true,
            encoding: .utf8
        )
        #expect { try SQLiteDatabase(path: text) } throws: { error in
            if case .unusable = error as? StorageError { true } else { false }
        }
        // procfs takes no new files, not even root's.
        for path in ["/proc/self/books.sqlite", books.folder + "/missing/books.sqlite"] {
            #expect { try SQLiteDatabase(path: path) } throws: { error in
                if case .io = error as? StorageError { true } else { false }
            }
            #expect { try books.open(path: path) } throws: { error in
                if case .io = error as? StorageError { true } else { false }
            }
        }
    }
}
