import Domain
import Foundation
import Testing

@testable import Storage

@Suite("what an operator does with records that could not be booked")
struct QuarantineTests {
    private static let clock: @Sendable () -> Instant = { Instant(microseconds: 5_000_000) }

    /// How a record came into quarantine.
    enum Kind: String, CaseIterable {
        /// Its row refused to be closed when it ended.
        case settlement
        /// Its process died and no policy could close it.
        case withoutSettlement
        /// Another version of the program spooled it.
        case foreign
        /// Its raw usage was what could not be written.
        case rawUsage
    }

    enum Act: String, CaseIterable { case retry, void }

    @Test(
        "afterwards nothing is held, the books agree, and the act has its leaf",
        arguments: Kind.allCases,
        Act.allCases
    )
    func decide(kind: Kind, act: Act) async throws {
        let books = try Books(grants: [Money(picoDollars: 1_000)])
        let database = try await Self.quarantine(kind, in: books)
        let id = Books.call(1).id
        let quarantine = Quarantine(database: database, now: Self.clock)
        #expect(try quarantine.list().map(\.id) == [id])
        if kind == .rawUsage, act == .retry {
            // It stays as long as what refuses it.
            #expect(throws: StorageError.self) { try quarantine.retry(id, policy: .chargeHold) }
            #expect(try quarantine.list().count == 1)
            return
        }
        let outcome = try act == .retry ? quarantine.retry(id, policy: .chargeHold) : quarantine.void(id)
        if kind == .foreign, act == .retry {
            #expect(outcome == .unreadable)
            #expect(try quarantine.list().count == 1)
            return
        }
        #expect(outcome == .booked)
        let report = try LedgerVerifier.verify(database)
        #expect(report.differences == [] && report.open == [] && report.quarantined == [])
        let charge: Int128 =
            switch (kind, act) {
            case (_, .void): 0
            case (.withoutSettlement, .retry): 100
            default: 40
            }
        #expect(report.charged == charge)
        // Twice changes nothing.
        #expect(try quarantine.void(id) == .unknown)
        let acts = try database.read { connection in
            try connection.query("SELECT data FROM audit_leaves WHERE kind = 2 ORDER BY number") {
                String(decoding: $0.blob(0), as: UTF8.self)
            }
        }
        #expect(acts.count == 2 && acts[1].contains("ledger quarantine \(act.rawValue)"))
        try database.close()
    }

    @Test("a call that was closed meanwhile is left as it is")
    func closedMeanwhile() async throws {
        let books = try Books(grants: [Money(picoDollars: 1_000)])
        let database = try await Self.quarantine(.settlement, in: books)
        let id = Books.call(1).id
        let copy = try database.read { try $0.query("SELECT record FROM quarantine") { $0.blob(0) } }
        let quarantine = Quarantine(database: database, now: Self.clock)
        #expect(try quarantine.retry(id, policy: .void) == .booked)
        for record in [copy[0], []] {
            for act in Act.allCases {
                try database.write {
                    try QuarantineRows.insert(id, record: record, cause: "again", now: Self.clock(), $0)
                }
                let outcome = try act == .retry ? quarantine.retry(id, policy: .void) : quarantine.void(id)
                #expect(outcome == .alreadyClosed)
            }
        }
        let report = try LedgerVerifier.verify(database)
        #expect(report.differences == [] && report.charged == 40)
        try database.close()
    }

    @Test("a damaged lane gives nothing back: the record and the hold stay")
    func damagedLane() async throws {
        let books = try Books(grants: [Money(picoDollars: 1_000)])
        let database = try await Self.quarantine(.settlement, in: books)
        try database.write {
            try $0.execute("UPDATE quota_grants SET held = held - 50, available = available + 50")
        }
        let quarantine = Quarantine(database: database, now: Self.clock)
        for act in Act.allCases {
            #expect(throws: LedgerError.unbalanced(.grant(GrantID(1)))) {
                try act == .retry
                    ? quarantine.retry(Books.call(1).id, policy: .void) : quarantine.void(Books.call(1).id)
            }
        }
        #expect(try quarantine.list().count == 1)
        try database.close()
    }

    /// Books in which call 1, held for 100 and to be charged 40, is in quarantine, and what refused it is gone again.
    private static func quarantine(_ kind: Kind, in books: Books) async throws -> SQLiteDatabase {
        let id = Books.call(1).id
        let storage = try books.open()
        // An earlier act: its leaf and the bill's stand in one row of numbers.
        try storage.database.write { try AuditLeaves.append(act: #"{"act":"test"}"#, now: clock(), $0) }
        guard case .held(let hold) = await storage.journal.admit(Books.request(1, bound: Money(picoDollars: 100)))
        else { throw StorageError.misuse("not held") }
        let settlement = Books.settlement(1, hold: hold, charge: Money(picoDollars: 40))
        switch kind {
        case .settlement:
            try storage.database.write {
                try $0.execute(
                    "CREATE TRIGGER poison BEFORE UPDATE OF charge ON api_requests BEGIN SELECT RAISE(ABORT, 'poison'); END"
                )
            }
            #expect(await storage.journal.settle(settlement) == .durable)
            try storage.database.write { try $0.execute("DROP TRIGGER poison") }
            try await storage.close()
        case .rawUsage:
            try storage.database.write {
                try $0.execute(
                    "INSERT INTO api_request_usage (call_id, usage) VALUES (?, x'00')",
                    SQLValue(id)
                )
            }
            #expect(await storage.journal.settle(settlement) == .durable)
            try await storage.close()
        case .withoutSettlement:
            try storage.database.write {
                try $0.execute(
                    "CREATE TRIGGER poison BEFORE UPDATE OF charge ON api_requests BEGIN SELECT RAISE(ABORT, 'poison'); END"
                )
            }
            try await storage.close()
            let next = try books.open()
            #expect(next.recovery.quarantined == 1)
            try next.database.write { try $0.execute("DROP TRIGGER poison") }
            try await next.close()
        case .foreign:
            await storage.journal.stop()
            do {
                var spool = try Spool(path: "\(books.path).spool-\(storage.replica)")
                var record = SettlementCoding.encode(settlement)
                record[0] = 99
                let isDurable = spool.append([record])
                #expect(isDurable)
            }
            try await storage.close()
            let next = try books.open()
            #expect(next.recovery.quarantined == 1)
            try await next.close()
        }
        return try SQLiteDatabase(path: books.path)
    }
}
