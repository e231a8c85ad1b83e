import Domain
import Foundation
import Testing

@testable import Storage

/// Lives of a server, one after the other, on one database: calls in every order, ends told twice or much too late, a disk
/// that is full for a while, starts that find open calls. After each life the books agree with what callers were told.
@Suite("the journal over many lives", .timeLimit(.minutes(3)))
struct JournalSimulationTests {
    private struct Random: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            // SplitMix64.
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
            return word ^ (word >> 31)
        }
    }

    private struct Running {
        let number: UInt64
        let hold: Hold
    }

    @Test("told durable is booked, exactly and once", arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func lives(seed: UInt64) async throws {
        var random = Random(state: seed)
        let books = try Books(
            grants: [Money(picoDollars: 5_000), Money(picoDollars: 50_000_000)],
            keyLimit: seed % 2 == 0 ? Money(picoDollars: 40_000_000) : nil
        )
        let disk = Disk(under: books.folder)
        defer { disk.remove() }
        var next: UInt64 = 0
        var running: [Running] = []
        /// What each ended call must have cost in the end.
        var told: [UInt64: Int64] = [:]
        var everHeld: Set<UInt64> = []

        for life in 0..<6 {
            let policy = UncertainPolicy.allCases[Int(random.next() % 3)]
            let storage = try books.open(policy: policy)
            let journal = storage.journal
            for _ in 0..<60 {
                switch random.next() % 20 {
                case 0: disk.set(.init(writesBeforeFull: Int(random.next() % 40)))
                case 1, 2, 3: disk.set(.init())
                case 4...11:
                    let bound = Money(picoDollars: 1 + Int64(random.next() % 3_000))
                    let request = Books.request(next, bound: bound, hasSpendingLimit: seed % 2 == 0)
                    if case .held(let hold) = await journal.admit(request) {
                        running.append(Running(number: next, hold: hold))
                        everHeld.insert(next)
                    }
                    next += 1
                default:
                    guard !running.isEmpty else { continue }
                    let call = running.remove(at: Int(random.next() % UInt64(running.count)))
                    let isVoid = random.next() % 5 == 0
                    let charge = Money(picoDollars: Int64(random.next() % UInt64(call.hold.amount.picoDollars + 1)))
                    let settlement = Books.settlement(
                        call.number,
                        hold: call.hold,
                        charge: charge,
                        outcome: isVoid ? .voided : .captured
                    )
                    for _ in 0...(random.next() % 2) where await journal.settle(settlement) == .durable {
                        told[call.number] = isVoid ? 0 : charge.picoDollars
                    }
                }
            }
            // A life may end with the disk full.
            if random.next() % 2 == 0 { disk.set(.init()) }
            try await storage.close()
            disk.set(.init())
            try await check(books, told: told, held: everHeld, life: life)
        }
        #expect(told.count > 50)
    }

    private func check(_ books: Books, told: [UInt64: Int64], held: Set<UInt64>, life: Int) async throws {
        // The next life's start books what the last one left in its spool; calls still running are closed by policy
        // then, and corrected when they end.
        let copy = try Books(grants: [])
        for name in try FileManager.default.contentsOfDirectory(atPath: books.folder) where !name.hasSuffix("-shm") {
            try? FileManager.default.removeItem(atPath: copy.folder + "/" + name)
            try FileManager.default.copyItem(atPath: books.folder + "/" + name, toPath: copy.folder + "/" + name)
        }
        let storage = try copy.open(policy: .chargeHold)
        #expect(storage.recovery.quarantined == 0)
        let report = try LedgerVerifier.verify(storage.database)
        #expect(report.differences == [], "life \(life)")
        let rows = try storage.database.read { connection in
            try connection.query(
                "SELECT r.id, r.charge + COALESCE((SELECT SUM(e.amount) FROM ledger_entries e WHERE e.call_id = r.id AND e.lane = 1 AND e.kind = 6), 0) FROM api_requests r"
            ) { (number: ($0.callID(0)?.low ?? 0) & 0xFFFF_FFFF, charge: $0.int64(1)) }
        }
        let booked = Dictionary(rows.map { ($0.number, $0.charge) }, uniquingKeysWith: { first, _ in first })
        #expect(booked.count == rows.count)
        for (number, charge) in told { #expect(booked[number] == charge, "call \(number) in life \(life)") }
        for number in held { #expect(booked[number] != nil, "call \(number) in life \(life)") }
        try await storage.close()
    }
}
