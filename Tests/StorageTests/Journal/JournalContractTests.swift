import Domain
import Testing

@testable import Storage

@Suite("the journal on every engine", .everyEngine, .namesEngine, .timeLimit(.minutes(5)))
struct JournalContractTests {
    @Test(
        "a quota of exactly k holds admits exactly k of a thousand at once; a pico-dollar less, k − 1",
        arguments: [(0, 37), (-1, 36), (1, 37)] as [(Int64, Int)]
    )
    func exactlyK(difference: Int64, admitted: Int) async throws {
        let bound = Money(picoDollars: 1_000_000)
        let books = try TestDatabase()
        try Books.fill(
            books.database,
            grants: [Money(picoDollars: 37_000_000 + difference)]
        )
        let storage = try books.serve()
        let held = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<1_000 {
                group.addTask {
                    if case .held = await storage.journal.admit(Books.request(UInt64(number), bound: bound)) {
                        true
                    } else {
                        false
                    }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(held == admitted)
        let report = try LedgerVerifier.verify(storage.database)
        #expect(report.differences == [])
        #expect(report.open.count == admitted)
        try await storage.close()
    }

    @Test("holds, charges, roll-ups and leaves agree after a busy hour", arguments: [0, 1] as [UInt64])
    func agree(seed: UInt64) async throws {
        let books = try TestDatabase()
        try Books.fill(
            books.database,
            grants: [Money(picoDollars: 3_000), Money(picoDollars: 2_000_000)],
            keyLimit: seed == 1 ? Money(picoDollars: 1_500_000) : nil
        )
        let storage = try books.serve()
        let charged = await withTaskGroup(of: Int64.self) { group in
            for number in 0..<600 {
                group.addTask {
                    let bound = Money(picoDollars: Int64(100 + number % 1_000))
                    let request = Books.request(UInt64(number), bound: bound, hasSpendingLimit: seed == 1)
                    guard case .held(let hold) = await storage.journal.admit(request) else { return 0 }
                    let isVoid = number % 7 == 0
                    let charge = Money(picoDollars: bound.picoDollars * Int64(number % 11) / 10)
                    let settlement = Books.settlement(
                        UInt64(number),
                        hold: hold,
                        charge: charge,
                        outcome: isVoid ? .voided : .captured
                    )
                    let outcome = await storage.journal.settle(settlement)
                    // Told twice, booked once.
                    let again = await storage.journal.settle(settlement)
                    return outcome == .durable && again == .durable && !isVoid
                        ? min(charge, hold.amount).picoDollars : 0
                }
            }
            return await group.reduce(0, +)
        }
        let report = try LedgerVerifier.verify(storage.database)
        #expect(report.differences == [])
        #expect(report.open == [])
        #expect(report.charged == Int128(charged))
        #expect(report.calls > 500)
        try await storage.close()
    }

    @Test("a transaction ends by its time too: a batch is done in as many as it takes")
    func shortTransactions() async throws {
        let books = try TestDatabase()
        try Books.fill(
            books.database,
            grants: [Money(picoDollars: 1_000_000)]
        )
        var settings = JournalSettings()
        settings.batchMicroseconds = 0
        let storage = try books.serve(settings: settings)
        let charged = await withTaskGroup(of: Int64.self) { group in
            for number in 0..<100 as Range<UInt64> {
                group.addTask {
                    let request = Books.request(number, bound: Money(picoDollars: 100))
                    guard case .held(let hold) = await storage.journal.admit(request) else { return 0 }
                    let settlement = Books.settlement(number, hold: hold, charge: Money(picoDollars: 7))
                    return await storage.journal.settle(settlement) == .durable ? 7 : 0
                }
            }
            return await group.reduce(0, +)
        }
        #expect(charged == 700)
        let report = try LedgerVerifier.verify(storage.database)
        #expect(report.differences == [] && report.charged == 700)
        try await storage.close()
    }
}
