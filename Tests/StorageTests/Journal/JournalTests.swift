import Domain
import Foundation
import Synchronization
import Testing

@testable import Storage

@Suite("the journal on SQLite", .timeLimit(.minutes(2)))
struct JournalTests {
    @Test("a call whose process died is resolved at the next start, visibly", arguments: UncertainPolicy.allCases)
    func death(policy: UncertainPolicy) async throws {
        let books = try Books(grants: [Money(picoDollars: 1_000)])
        let crashed = try books.copyAfter { storage in
            guard case .held = await storage.journal.admit(Books.request(1, bound: Money(picoDollars: 100))) else {
                Issue.record("not held")
                return
            }
        }
        let storage = try await crashed.open(policy: policy)
        #expect(storage.recovery.resolvedCalls == 1)
        let report = try LedgerVerifier.verify(storage.database)
        #expect(report.differences == [])
        #expect(report.uncertain.count == 1 && report.open == [])
        let expected: Int128 =
            switch policy {
            case .chargeInput: 3
            case .chargeHold: 100
            case .void: 0
            }
        #expect(report.charged == expected)
        try await storage.close()
    }

    @Test("spools are replayed by their files: an older copy of the books gets the bills it does not know of")
    func spoolOfUnknownReplica() async throws {
        let books = try Books(grants: [Money(picoDollars: 1_000)])
        let path = Spool.path(of: ReplicaID(9), database: books.path)
        do {
            var spool = try Spool(path: path)
            let hold = Hold(
                groupID: Books.group,
                multiplier: .one,
                amount: Money(picoDollars: 100),
                outputLimit: 10,
                isClamped: false,
                parts: [HoldPart(lane: .grant(GrantID(1)), amount: Money(picoDollars: 100))]
            )
            let isDurable = spool.append([
                SettlementCoding.encode(Books.settlement(1, hold: hold, charge: Money(picoDollars: 60)))
            ])
            #expect(isDurable)
        }
        let storage = try books.open()
        // No later process writes over a spool, whatever the books say of who has been.
        #expect(storage.replica == ReplicaID(10) && storage.recovery.spooledSettlements == 1)
        #expect(!FileManager.default.fileExists(atPath: path))
        let report = try LedgerVerifier.verify(storage.database)
        #expect(report.differences == [] && report.charged == 60)
        try await storage.close()
    }

    @Test("the ledger's time never runs backwards, not even over a start or in a command beside the server")
    func clockGoesBack() async throws {
        let books = try Books(grants: [Money(picoDollars: 1_000)])
        let late = try books.open(clock: { Instant(microseconds: 90_000_000) })
        guard case .held(let hold) = await late.journal.admit(Books.request(1, bound: Money(picoDollars: 100))) else {
            Issue.record("not held")
            return
        }
        #expect(
            await late.journal.settle(Books.settlement(1, hold: hold, charge: Money(picoDollars: 40))) == .durable
        )
        try await late.close()
        let early = try books.open(clock: { Instant(microseconds: 5) })
        guard case .held(let second) = await early.journal.admit(Books.request(2, bound: Money(picoDollars: 100)))
        else {
            Issue.record("not held")
            return
        }
        #expect(
            await early.journal.settle(Books.settlement(2, hold: second, charge: Money(picoDollars: 40))) == .durable
        )
        let (times, beside) = try early.database.write { connection in
            (
                try connection.query("SELECT created_at FROM audit_leaves ORDER BY replica_id, number") {
                    $0.instant(0).microseconds
                },
                try LedgerTime.now({ Instant(microseconds: 6) }, connection)
            )
        }
        #expect(times == [90_000_000, 90_000_000] && beside == Instant(microseconds: 90_000_000))
        try await early.close()
    }

    @Test("one server a file")
    func oneServer() async throws {
        let books = try Books(grants: [Money(picoDollars: 1)])
        let storage = try books.open()
        #expect(throws: StorageError.busy) { try books.open() }
        try await storage.close()
    }

    @Test("settlements that find the disk full wait in the spool, and reach the books later or at the next start")
    func fullDisk() async throws {
        let books = try Books(grants: [Money(picoDollars: 1_000_000)])
        let storage = try books.open()
        guard case .held(let hold) = await storage.journal.admit(Books.request(1, bound: Money(picoDollars: 100)))
        else {
            Issue.record("not held")
            return
        }
        let pages = try storage.database.withWriter { connection in
            let count = try connection.query("PRAGMA page_count") { $0.int64(0) }.first ?? 0
            _ = try connection.query("PRAGMA max_page_count = \(count)") { $0.int64(0) }
            return count
        }
        var full = false
        // Fills what is left of the last pages, until a settlement meets the end.
        for number in 2..<2_000 where !full {
            if case .held(let other) = await storage.journal.admit(
                Books.request(UInt64(number), bound: Money(picoDollars: 1))
            ) {
                #expect(
                    await storage.journal.settle(
                        Books.settlement(UInt64(number), hold: other, charge: Money(picoDollars: 1))
                    )
                        == .durable
                )
            } else {
                full = true
            }
        }
        #expect(full)
        #expect(
            await storage.journal.settle(Books.settlement(1, hold: hold, charge: Money(picoDollars: 60))) == .durable
        )
        _ = try storage.database.withWriter { connection in
            try connection.query("PRAGMA max_page_count = \(pages + 10_000)") { $0.int64(0) }
        }
        try await storage.close()
        let next = try books.open()
        let report = try LedgerVerifier.verify(next.database)
        #expect(report.differences == [])
        #expect(report.open == [] && report.uncertain == [])
        try await next.close()
    }
}

extension Books {
    /// The books as a crash would leave them: copied, WAL included, while the server still runs.
    func copyAfter(_ work: @escaping @Sendable (EmbeddedStorage) async -> Void) throws -> Crashed {
        Crashed(books: self, work: work)
    }

    struct Crashed {
        let books: Books
        let work: @Sendable (EmbeddedStorage) async -> Void

        func open(policy: UncertainPolicy) async throws -> EmbeddedStorage {
            let storage = try books.open()
            await work(storage)
            let copy = try Books(grants: [])
            for suffix in ["", "-wal", ".spool-\(storage.replica)"] {
                try? FileManager.default.removeItem(atPath: copy.path + suffix)
                try FileManager.default.copyItem(atPath: books.path + suffix, toPath: copy.path + suffix)
            }
            try? FileManager.default.removeItem(atPath: copy.path + "-shm")
            await storage.journal.stop()
            kept.withLock { $0.append(copy) }
            return try copy.open(policy: policy)
        }
    }
}

/// Folders of copies, kept until the process ends.
private let kept = Mutex<[Books]>([])
