import Dispatch
import Domain
import Foundation
import Testing

@testable import Storage

/// What the audit log costs. Prints figures, so it runs only where asked for:
/// `TOKENAUDIT_COST=1 swift test -c release -Xswiftc -enable-testing --filter AuditCost`.
@Suite("what the audit log costs", .enabled(if: ProcessInfo.processInfo.environment["TOKENAUDIT_COST"] == "1"))
struct AuditCost {
    private static let bills = 100_096
    private static let batch = 128

    @Test("giving places to leaves, and proving them")
    func leaves() throws {
        let books = try Books(grants: [Money(picoDollars: 1_000_000_000_000)])
        let database = try SQLiteDatabase(path: books.path)
        defer { try? database.close() }
        let writer = BatchWriter(
            database: database,
            lane: .settlements,
            openCalls: OpenCalls(),
            memory: LedgerBatch.Memory(replica: ReplicaID(1)),
            newest: Instant(microseconds: 1),
            batchMicroseconds: 1_000_000
        ) { Instant(microseconds: 5) }
        _ = try database.write { try $0.execute("INSERT INTO replicas (id, started_at, beat_at) VALUES (1, 1, 1)") }
        for round in 0..<(Self.bills / Self.batch) {
            let numbers = (0..<Self.batch).map { UInt64(round * Self.batch + $0) }
            let admissions = numbers.map { number in
                JournalWork.admit(
                    PendingAdmission(Books.request(number, bound: Money(picoDollars: 1_000)), queuedAt: 0) { _ in }
                )
            }
            let admitted = try writer.commit(admissions[...], trustsMemory: true)
            let settlements = zip(numbers, admitted.answers).compactMap { number, answer -> JournalWork? in
                guard case .held(let hold)? = answer else { return nil }
                return .settle(
                    PendingSettlement(Books.settlement(number, hold: hold, charge: Money(picoDollars: 400)))
                )
            }
            _ = try writer.commit(settlements[...], trustsMemory: true)
        }
        try database.checkpoint(truncating: true)
        let signer = AuditStage.signer(database, file: CheckpointFile(database: books.path))
        let signing = Self.milliseconds { signer.round() }
        let pages = database.walPages
        var report: AuditReport?
        let verifying = try Self.milliseconds {
            report = try AuditVerifier(external: [], key: nil, servedAt: nil).verify(database)
        }
        #expect(report?.isProven == true && report?.leaves == UInt64(Self.bills))
        print("\(Self.bills) leaves: \(signing) ms to place and sign, \(pages) pages of WAL, \(verifying) ms to verify")
    }

    private static func milliseconds(_ body: () throws -> Void) rethrows -> Int {
        let start = DispatchTime.now().uptimeNanoseconds
        try body()
        return Int((DispatchTime.now().uptimeNanoseconds - start) / 1_000_000)
    }
}
