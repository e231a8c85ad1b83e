import Domain
import Foundation
import Glibc
import Logging
import Synchronization
import Testing

@testable import Storage

@Suite("the journal when things break", .timeLimit(.minutes(3)))
struct JournalFaultTests {
    /// What a run of calls was told.
    private struct Told: Sendable {
        var held: Set<UInt64> = []
        var durable: Set<UInt64> = []
    }

    private static let charge = Money(picoDollars: 40)
    private static let bound = Money(picoDollars: 100)

    /// Admits and settles calls one after the other.
    private static func run(_ journal: BatchJournal, calls: Range<UInt64>) async -> Told {
        var told = Told()
        for number in calls {
            guard case .held(let hold) = await journal.admit(Books.request(number, bound: bound)) else { continue }
            told.held.insert(number)
            let settlement = Books.settlement(number, hold: hold, charge: charge)
            if await journal.settle(settlement) == .durable { told.durable.insert(number) }
        }
        return told
    }

    /// What the books must say, given what callers were told: each durable bill once and exact, everything else open,
    /// void or closed by policy; all sums right.
    private static func check(_ database: any Database, told: Told) throws {
        let report = try LedgerVerifier.verify(database)
        #expect(report.differences == [])
        let rows = try database.read { connection in
            try connection.query("SELECT id, state, charge, flags FROM api_requests") {
                (
                    number: ($0.callID(0)?.low ?? 0) & 0xFFFF, state: $0.int64(1), charge: $0.int64(2),
                    flags: BillFlags(rawValue: $0.int64(3))
                )
            }
        }
        let byNumber = Dictionary(rows.map { ($0.number, $0) }, uniquingKeysWith: { first, _ in first })
        #expect(byNumber.count == rows.count)
        for number in told.durable {
            #expect(byNumber[number]?.charge == charge.picoDollars, "call \(number) was told durable")
            #expect(byNumber[number]?.flags.contains(.chargedByPolicy) == false)
        }
        for number in told.held { #expect(byNumber[number] != nil, "call \(number) was told held") }
    }

    private static func waitUntil(_ condition: () -> Bool) async -> Bool {
        for _ in 0..<1_500 {
            if condition() { return true }
            try? await Task.sleep(for: .milliseconds(10))
        }
        return false
    }

    /// The same where a lock of the database is held, which belongs to a thread.
    private static func blockUntil(_ condition: () -> Bool) -> Bool {
        for _ in 0..<1_500 {
            if condition() { return true }
            usleep(10_000)
        }
        return false
    }

    @Test(
        "the disk is full from the n-th write on, every n: never a bill lost that was acknowledged, and it comes back"
    )
    func full() async throws {
        var misses = 0
        for writes in 0..<200 where misses < 3 {
            let books = try Books(grants: [Money(picoDollars: 1_000_000)])
            let disk = Disk(under: books.folder)
            defer { disk.remove() }
            let storage = try books.open()
            disk.set(.init(writesBeforeFull: writes))
            var told = await Self.run(storage.journal, calls: 0..<3)
            if disk.failures == 0 { misses += 1 }
            disk.set(.init())
            #expect(await Self.waitUntil { storage.journal.isReady }, "after \(writes) writes")
            // Back in service, without a restart.
            let after = await Self.run(storage.journal, calls: 100..<101)
            #expect(after.durable.count == 1)
            told.held.formUnion(after.held)
            told.durable.formUnion(after.durable)
            try await storage.close()
            let next = try books.open()
            try Self.check(next.database, told: told)
            #expect(try LedgerVerifier.verify(next.database).uncertain.isEmpty)
            try await next.close()
        }
        #expect(misses > 0, "the run is longer than the test goes")
    }

    @Test(
        "a sync that fails leaves a commit's outcome unknown: the process ends, nothing is acknowledged",
        arguments: 0..<6
    )
    func syncFails(syncs: Int) async throws {
        let books = try Books(grants: [Money(picoDollars: 1_000_000)])
        let disk = Disk(under: books.folder)
        defer { disk.remove() }
        let database = try SQLiteDatabase(path: books.path)
        let fatal = Atomic(false)
        let ended = DispatchSemaphore(value: 0)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let replica = try database.write { connection in
            ReplicaID(
                try connection.insert("INSERT INTO replicas (started_at, beat_at) VALUES (1, 1) RETURNING id")
            )
        }
        let journal = try BatchJournal(
            database: database,
            replica: replica,
            spoolPath: "\(books.path).spool-\(replica)",
            settings: JournalSettings(),
            logger: logger,
            clock: { Instant(microseconds: 1_000_000) },
            onFatal: { _ in
                fatal.store(true, ordering: .sequentiallyConsistent)
                // A process that ends runs no completions.
                while true { if ended.wait(timeout: .now() + 60) == .success { pthread_exit(nil) } }
            }
        )
        journal.start()
        disk.set(.init(syncsBeforeError: syncs))
        let told = Mutex(Told())
        for number in UInt64(0)..<4 {
            journal.admit(Books.request(number, bound: Self.bound)) { admission in
                guard case .held(let hold) = admission else { return }
                told.withLock { _ = $0.held.insert(number) }
                journal.settle(Books.settlement(number, hold: hold, charge: Self.charge)) { outcome in
                    if outcome == .durable { told.withLock { _ = $0.durable.insert(number) } }
                }
            }
            // One commit a call and kind, as far as it goes.
            _ = await Self.waitUntil {
                fatal.load(ordering: .sequentiallyConsistent) || told.withLock { $0.durable.contains(number) }
            }
        }
        let isFatal = fatal.load(ordering: .sequentiallyConsistent)
        #expect(isFatal)
        disk.set(.init())
        // The files as the dead process left them; its lock on the spool would be gone with it.
        let copy = try Books(grants: [])
        for suffix in ["", "-wal", ".spool-\(replica)"] {
            try? FileManager.default.removeItem(atPath: copy.path + suffix)
            try FileManager.default.copyItem(atPath: books.path + suffix, toPath: copy.path + suffix)
        }
        try? FileManager.default.removeItem(atPath: copy.path + "-shm")
        let next = try copy.open()
        try Self.check(next.database, told: told.withLock { $0 })
        try await next.close()
        graveyard.withLock { $0.append((books, journal)) }
    }

    @Test("the power goes at any sync: what was acknowledged is in what was synced")
    func powerCut() async throws {
        let books = try Books(grants: [Money(picoDollars: 1_000_000)])
        let disk = Disk(under: books.folder)
        defer { disk.remove() }
        disk.set(.init(copiesAtSync: true))
        var settings = JournalSettings()
        // Checkpoints write the database file itself, so have some.
        settings.checkpointPages = 4
        let storage = try books.open(settings: settings)
        for cut in UInt64(0)..<12 {
            let told = await withTaskGroup(of: Told.self) { group in
                for lane in UInt64(0)..<4 {
                    group.addTask {
                        let first = cut * 100 + lane * 20
                        return await Self.run(storage.journal, calls: first..<(first + 4))
                    }
                }
                return await group.reduce(into: Told()) {
                    $0.held.formUnion($1.held)
                    $0.durable.formUnion($1.durable)
                }
            }
            #expect(told.durable.count == 16)
            let dark = try Books(grants: [])
            try disk.cutPower(
                of: "books.sqlite",
                suffixes: ["", "-wal", ".spool-\(storage.replica)"],
                to: dark.path
            )
            try? FileManager.default.removeItem(atPath: dark.path + "-shm")
            let next = try dark.open()
            try Self.check(next.database, told: told)
            try await next.close()
        }
        disk.set(.init())
        try await storage.close()
    }

    @Test("somebody else holds the lock: bills are durable within seconds, admissions 503, and it comes back by itself")
    func locked() async throws {
        let books = try Books(grants: [Money(picoDollars: 1_000_000)])
        let storage = try books.open()
        var holds: [UInt64: Hold] = [:]
        for number in UInt64(0)..<20 {
            guard case .held(let hold) = await storage.journal.admit(Books.request(number, bound: Self.bound)) else {
                Issue.record("not held")
                return
            }
            holds[number] = hold
        }
        let other = try SQLiteDatabase(path: books.path)
        let told = try await withThrowingTaskGroup(of: Bool.self) { group in
            try other.withWriter { connection in
                try connection.begin()
                defer { connection.rollBack() }
                for (number, hold) in holds {
                    group.addTask {
                        await storage.journal.settle(Books.settlement(number, hold: hold, charge: Self.charge))
                            == .durable
                    }
                }
                #expect(Self.blockUntil { !storage.journal.isReady })
                // Nothing of it is in the database, for the lock is still ours; the spool has it.
                #expect(Self.blockUntil { storage.journal.unsettled == 0 })
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(told == 20)
        #expect(await Self.waitUntil { storage.journal.isReady })
        #expect(await Self.run(storage.journal, calls: 100..<101).durable.count == 1)
        #expect(
            await Self.waitUntil { (try? LedgerVerifier.verify(storage.database))?.open.isEmpty == true }
        )
        try Self.check(storage.database, told: Told(held: Set(holds.keys), durable: Set(holds.keys)))
        try other.close()
        try await storage.close()
    }

    @Test("a settlement that waits too long for its commit is durable in the spool, and booked once all the same")
    func late() async throws {
        let books = try Books(grants: [Money(picoDollars: 1_000_000)])
        var settings = JournalSettings()
        settings.spoolAfterMilliseconds = 100
        let storage = try books.open(settings: settings)
        // The writer itself waits, and never gives up.
        try storage.database.setBusyTimeout(milliseconds: 60_000)
        let holds = await Self.hold(storage.journal, 0..<8)
        let other = try SQLiteDatabase(path: books.path)
        let durable = DispatchSemaphore(value: 0)
        await withTaskGroup(of: Void.self) { group in
            try? other.withWriter { connection in
                try connection.begin()
                defer { connection.rollBack() }
                for (number, hold) in holds {
                    group.addTask {
                        let settlement = Books.settlement(number, hold: hold, charge: Self.charge)
                        if await storage.journal.settle(settlement) == .durable { durable.signal() }
                    }
                }
                for _ in holds { #expect(durable.wait(timeout: .now() + 30) == .success) }
                #expect(storage.journal.isReady && storage.journal.unsettled == 8)
            }
        }
        #expect(await Self.waitUntil { storage.journal.unsettled == 0 && storage.journal.spooled == 0 })
        try Self.check(storage.database, told: Told(held: Set(holds.keys), durable: Set(holds.keys)))
        #expect(try LedgerVerifier.verify(storage.database).charged == 8 * 40)
        try other.close()
        try await storage.close()
    }

    @Test("a hold that comes too late to be used is given back")
    func tooLate() async throws {
        let books = try Books(grants: [Money(picoDollars: 1_000)])
        var settings = JournalSettings()
        settings.admitMilliseconds = 300
        let storage = try books.open(settings: settings)
        try storage.database.setBusyTimeout(milliseconds: 60_000)
        let other = try SQLiteDatabase(path: books.path)
        let admission: Admission = await withCheckedContinuation { continuation in
            try? other.withWriter { connection in
                try connection.begin()
                defer { connection.rollBack() }
                storage.journal.admit(Books.request(1, bound: Self.bound)) { continuation.resume(returning: $0) }
                // As long as it takes to be too late.
                usleep(500_000)
            }
        }
        #expect(admission == .unavailable)
        #expect(await Self.waitUntil { (try? LedgerVerifier.verify(storage.database))?.openCount == 0 })
        let report = try LedgerVerifier.verify(storage.database)
        #expect(report.differences == [] && report.charged == 0)
        #expect(await Self.run(storage.journal, calls: 2..<12).durable.count == 10)
        try other.close()
        try await storage.close()
    }

    @Test("one poisoned record among many is quarantined alone, its hold kept; the rest is booked")
    func poison() async throws {
        let books = try Books(grants: [Money(picoDollars: 1_000_000)])
        let storage = try books.open()
        let holds = await Self.hold(storage.journal, 0..<40)
        try storage.database.write { try Self.plant(17, $0) }
        let outcomes = await Self.settle(storage.journal, holds)
        #expect(outcomes.values.allSatisfy { $0 == .durable } && outcomes.count == 40)
        let report = try LedgerVerifier.verify(storage.database)
        #expect(report.differences == [])
        #expect(report.open == [Books.call(17).id] && report.quarantined == [Books.call(17).id])
        #expect(report.charged == 39 * 40)
        #expect(storage.journal.isReady)
        try await storage.close()
        // It neither stops the next start nor is it charged by policy.
        let next = try books.open()
        let after = try LedgerVerifier.verify(next.database)
        #expect(after.differences == [] && after.open == report.open && after.charged == report.charged)
        try await next.close()
    }

    @Test(
        "two records failing alike are our fault: admissions stop, bills are safe, and it resumes when they can be booked"
    )
    func alike() async throws {
        let books = try Books(grants: [Money(picoDollars: 1_000_000)])
        let storage = try books.open()
        let holds = await Self.hold(storage.journal, 0..<10)
        try storage.database.write { connection in for number in 3...5 { try Self.plant(number, connection) } }
        let outcomes = await Self.settle(storage.journal, holds)
        #expect(outcomes.values.allSatisfy { $0 == .durable } && outcomes.count == 10)
        #expect(!storage.journal.isReady)
        #expect(await storage.journal.admit(Books.request(100, bound: Self.bound)) == .unavailable)
        // At most the first was set aside; the others wait.
        #expect(try LedgerVerifier.verify(storage.database).quarantined.count <= 1)
        try storage.database.write { connection in
            for number in 3...5 { try connection.execute("DROP TRIGGER poison_\(number)") }
        }
        #expect(await Self.waitUntil { storage.journal.isReady })
        let report = try LedgerVerifier.verify(storage.database)
        #expect(report.differences == [] && report.open == report.quarantined && report.quarantined.count <= 1)
        try await storage.close()
    }

    @Test("a poisoned record in a dead process's spool is quarantined at the next start, the others are booked")
    func poisonInSpool() async throws {
        let books = try Books(grants: [Money(picoDollars: 1_000_000)])
        let storage = try books.open()
        let holds = await Self.hold(storage.journal, 0..<4)
        await storage.journal.stop()
        try storage.database.write { try Self.plant(2, $0) }
        let path = "\(books.path).spool-\(storage.replica)"
        do {
            var spool = try Spool(path: path)
            let records = holds.sorted { $0.key < $1.key }.map { number, hold in
                SettlementCoding.encode(Books.settlement(number, hold: hold, charge: Self.charge))
            }
            // One of a version that does not exist.
            var foreign = records[3]
            foreign[0] = 99
            let isDurable = spool.append(Array(records.prefix(3)) + [foreign])
            #expect(isDurable)
        }
        try await storage.close()
        let next = try books.open()
        #expect(next.recovery.spooledSettlements == 4 && next.recovery.quarantined == 2)
        #expect(next.recovery.resolvedCalls == 0)
        #expect(!FileManager.default.fileExists(atPath: path))
        let report = try LedgerVerifier.verify(next.database)
        #expect(report.differences == [] && report.charged == 80)
        #expect(Set(report.open) == [Books.call(2).id, Books.call(3).id])
        #expect(Set(report.quarantined) == Set(report.open))
        try await next.close()
    }

    @Test("a settlement that comes after the policy corrects the bill, once", arguments: UncertainPolicy.allCases)
    func afterPolicy(policy: UncertainPolicy) async throws {
        let books = try Books(grants: [Money(picoDollars: 1_000)])
        let storage = try books.open()
        let holds = await Self.hold(storage.journal, 1..<2)
        try await storage.close()
        let next = try books.open(policy: policy)
        #expect(next.recovery.resolvedCalls == 1)
        let settlement = Books.settlement(1, hold: try #require(holds[1]), charge: Money(picoDollars: 60))
        for _ in 0..<3 { #expect(await next.journal.settle(settlement) == .durable) }
        let report = try LedgerVerifier.verify(next.database)
        #expect(report.differences == [] && report.charged == 60 && report.uncertain == [])
        try await next.close()
    }

    @Test(
        "a bill whose call is gone is written whole, as far as the money goes",
        arguments: [(1_000, 60), (25, 25)] as [(Int64, Int128)]
    )
    func orphan(funded: Int64, charged: Int128) async throws {
        let books = try Books(grants: [Money(picoDollars: funded)])
        let storage = try books.open()
        let hold = Hold(
            groupID: Books.group,
            multiplier: .one,
            amount: Self.bound,
            outputLimit: 10,
            isClamped: false,
            parts: [HoldPart(lane: .grant(GrantID(1)), amount: Self.bound)]
        )
        let settlement = Books.settlement(1, hold: hold, charge: Money(picoDollars: 60))
        for _ in 0..<2 { #expect(await storage.journal.settle(settlement) == .durable) }
        let report = try LedgerVerifier.verify(storage.database)
        #expect(report.differences == [] && report.charged == charged && report.calls == 1)
        try await storage.close()
    }

    @Test("the same id admitted twice is held once")
    func duplicate() async throws {
        let books = try Books(grants: [Money(picoDollars: 1_000)])
        let storage = try books.open()
        guard case .held = await storage.journal.admit(Books.request(1, bound: Self.bound)) else {
            Issue.record("not held")
            return
        }
        #expect(await storage.journal.admit(Books.request(1, bound: Self.bound)) == .unavailable)
        #expect(storage.journal.isReady)
        let report = try LedgerVerifier.verify(storage.database)
        #expect(report.differences == [] && report.open.count == 1)
        try await storage.close()
    }

    @Test("stopping books what waits; afterwards nothing is acknowledged that is nowhere")
    func stop() async throws {
        let books = try Books(grants: [Money(picoDollars: 1_000_000)])
        let storage = try books.open()
        let holds = await Self.hold(storage.journal, 0..<300)
        async let outcomes = Self.settle(storage.journal, holds)
        async let stopped: Void = storage.journal.stop()
        let durable = await outcomes.filter { $0.value == .durable }
        await stopped
        #expect(await storage.journal.admit(Books.request(999, bound: Self.bound)) == .unavailable)
        #expect(await storage.journal.settle(Books.settlement(999, hold: holds[0]!, charge: .zero)) == .lost)
        try await storage.close()
        let next = try books.open()
        try Self.check(next.database, told: Told(held: Set(holds.keys), durable: Set(durable.keys)))
        try await next.close()
    }

    @Test("a copy torn anywhere in its WAL opens to books that agree")
    func torn() throws {
        let books = try Books(grants: [Money(picoDollars: 1_000_000)])
        let database = try SQLiteDatabase(path: books.path)
        try database.checkpoint(truncating: true)
        let writer = BatchWriter(
            database: database,
            lane: .settlements,
            openCalls: OpenCalls(),
            memory: .init(replica: ReplicaID(1)),
            newest: Instant(microseconds: 1),
            batchMicroseconds: 10_000
        ) { Instant(microseconds: 5) }
        for number in UInt64(0)..<8 {
            let request = PendingAdmission(Books.request(number, bound: Self.bound), queuedAt: 0) { _ in }
            guard case .held(let hold)? = try writer.commit([.admit(request)], trustsMemory: true).answers.first else {
                Issue.record("not held")
                return
            }
            let settlement = Books.settlement(number, hold: hold, charge: Self.charge)
            _ = try writer.commit([.settle(PendingSettlement(settlement))], trustsMemory: true)
        }
        let wal = try Data(contentsOf: URL(fileURLWithPath: books.path + "-wal"))
        var charges: Set<Int128> = []
        for twentieth in 0...20 {
            let copy = try Books(grants: [])
            try? FileManager.default.removeItem(atPath: copy.path)
            try FileManager.default.copyItem(atPath: books.path, toPath: copy.path)
            try wal.prefix(wal.count * twentieth / 20).write(to: URL(fileURLWithPath: copy.path + "-wal"))
            try? FileManager.default.removeItem(atPath: copy.path + "-shm")
            let torn = try SQLiteDatabase(path: copy.path)
            let report = try LedgerVerifier.verify(torn)
            #expect(report.differences == [], "at \(twentieth)/20")
            charges.insert(report.charged)
            try torn.close()
        }
        // Tails are lost bill by bill; the whole has all.
        #expect(charges.count > 3 && charges.contains(0) && charges.contains(8 * 40))
        try database.close()
    }

    // MARK: - Steps

    private static func hold(_ journal: BatchJournal, _ numbers: Range<UInt64>) async -> [UInt64: Hold] {
        await withTaskGroup(of: (UInt64, Admission).self) { group in
            for number in numbers {
                group.addTask { (number, await journal.admit(Books.request(number, bound: bound))) }
            }
            return await group.reduce(into: [:]) { holds, result in
                if case .held(let hold) = result.1 { holds[result.0] = hold }
            }
        }
    }

    private static func settle(_ journal: BatchJournal, _ holds: [UInt64: Hold]) async -> [UInt64: SettleOutcome] {
        await withTaskGroup(of: (UInt64, SettleOutcome).self) { group in
            for (number, hold) in holds {
                group.addTask {
                    (number, await journal.settle(Books.settlement(number, hold: hold, charge: charge)))
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    /// Makes one call's row refuse to be closed.
    private static func plant(_ number: Int, _ connection: any SQLConnection) throws {
        let id = Books.call(UInt64(number)).id.bytes.map { String(format: "%02x", $0) }.joined()
        try connection.execute(
            "CREATE TRIGGER poison_\(number) BEFORE UPDATE OF charge ON api_requests WHEN NEW.id = x'\(id)' BEGIN SELECT RAISE(ABORT, 'poison'); END"
        )
    }
}

/// Journals whose writer stands still for ever, as after the end of their process.
private let graveyard = Mutex<[(Books, BatchJournal)]>([])
