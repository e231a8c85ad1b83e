import Dispatch
import Domain
import Foundation
import Glibc
import Logging
import Testing

@testable import Storage

/// What a call costs the journal. Prints figures, so it runs only where asked for:
/// `TOKENAUDIT_COST=1 swift test -c release -Xswiftc -enable-testing --filter JournalCost`.
@Suite("what a call costs", .enabled(if: ProcessInfo.processInfo.environment["TOKENAUDIT_COST"] == "1"), .serialized)
struct JournalCost {
    @Test("CPU of the writer a call, hold and bill together, by size of batch")
    func byBatch() throws {
        for keepsRawUsage in [true, false] {
            for size in Self.sizes {
                let books = try Books(grants: [Money(picoDollars: 1_000_000_000_000)])
                let database = try SQLiteDatabase(path: books.path)
                var memory = LedgerBatch.Memory(replica: ReplicaID(1))
                memory.keepsRawUsage = keepsRawUsage
                let writer = BatchWriter(
                    database: database,
                    lane: .settlements,
                    openCalls: OpenCalls(),
                    memory: memory,
                    newest: Instant(microseconds: 1),
                    batchMicroseconds: 1_000_000
                ) { Instant(microseconds: 5) }
                let rounds = max(8, 16_384 / size / (size == 1 ? 8 : 1))
                var cpu = 0.0
                var slowest = 0.0
                let start = DispatchTime.now().uptimeNanoseconds
                for round in 0..<rounds {
                    let numbers = (0..<size).map { UInt64(round * size + $0) }
                    let admissions = numbers.map { number in
                        JournalWork.admit(
                            PendingAdmission(
                                Books.request(number, bound: Money(picoDollars: 1_000)),
                                queuedAt: 0
                            ) { _ in }
                        )
                    }
                    let before = Self.threadSeconds()
                    let admitted = try writer.commit(admissions[...], trustsMemory: true)
                    cpu += Self.threadSeconds() - before
                    let settlements = zip(numbers, admitted.answers).compactMap { number, answer -> JournalWork? in
                        guard case .held(let hold)? = answer else { return nil }
                        return .settle(
                            PendingSettlement(Books.settlement(number, hold: hold, charge: Money(picoDollars: 400)))
                        )
                    }
                    let middle = Self.threadSeconds()
                    _ = try writer.commit(settlements[...], trustsMemory: true)
                    cpu += Self.threadSeconds() - middle
                    if round % 64 == 63 {
                        let at = DispatchTime.now().uptimeNanoseconds
                        try database.checkpoint()
                        slowest = max(slowest, Double(DispatchTime.now().uptimeNanoseconds - at) / 1e6)
                    }
                }
                let wall = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e3
                let calls = Double(rounds * size)
                print(
                    "batches of \(size), raw usage \(keepsRawUsage): \(Self.figure(cpu * 1e6 / calls)) µs CPU a call, \(Self.figure(wall / Double(rounds * 2))) µs a commit, slowest checkpoint \(Self.figure(slowest)) ms"
                )
                #expect(try LedgerVerifier.verify(database).isProven)
                try database.close()
            }
        }
    }

    @Test("calls a second through the whole journal, by callers at once")
    func throughput() async throws {
        for callers in [1, 16, 64, 256] {
            let books = try Books(grants: [Money(picoDollars: 1_000_000_000_000)])
            let storage = try books.open()
            let calls = callers == 1 ? 1_000 : 40_000
            let (start, before) = (DispatchTime.now().uptimeNanoseconds, Self.processSeconds())
            await withTaskGroup(of: Void.self) { group in
                for caller in 0..<callers {
                    group.addTask {
                        for number in stride(from: caller, to: calls, by: callers) {
                            guard
                                case .held(let hold) = await storage.journal.admit(
                                    Books.request(UInt64(number), bound: Money(picoDollars: 1_000))
                                )
                            else {
                                Issue.record("not held")
                                return
                            }
                            _ = await storage.journal.settle(
                                Books.settlement(UInt64(number), hold: hold, charge: Money(picoDollars: 400))
                            )
                        }
                    }
                }
            }
            let seconds = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
            let cpu = Self.processSeconds() - before
            let wal = (try? FileManager.default.attributesOfItem(atPath: books.path + "-wal")[.size] as? Int) ?? 0
            print(
                "\(callers) callers: \(Int(Double(calls) / seconds)) calls/s, \(Self.figure(cpu * 1e6 / Double(calls))) µs CPU a call (whole process), WAL \(wal / 1_048_576) MiB"
            )
            #expect(try LedgerVerifier.verify(storage.database).isProven)
            try await storage.close()
        }
    }

    private static let sizes = (ProcessInfo.processInfo.environment["TOKENAUDIT_COST_SIZES"] ?? "1,8,32,128").split(
        separator: ","
    ).compactMap { Int($0) }

    private static func figure(_ value: Double) -> String { String(format: "%.1f", value) }

    private static func seconds(of clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static func threadSeconds() -> Double { seconds(of: CLOCK_THREAD_CPUTIME_ID) }

    private static func processSeconds() -> Double { seconds(of: CLOCK_PROCESS_CPUTIME_ID) }
}
