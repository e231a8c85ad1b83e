import Dispatch
import Domain
import Glibc
import Logging
import Storage
import Synchronization

// Makes a year of calls through the real journal, under a clock that runs as fast as it can: what stands in the database
// afterwards is what the ledger itself writes, and `tokenaudit ledger verify` proves it.

func option(_ name: String) -> String? {
    guard let index = CommandLine.arguments.firstIndex(of: name), index + 1 < CommandLine.arguments.count else {
        return nil
    }
    return CommandLine.arguments[index + 1]
}

guard let path = option("--database"), let end = option("--end").flatMap({ Instant(parsing: $0) }) else {
    print(
        "history-generator --database FILE --end 2026-01-01T00:00:00Z [--calls 10000000] [--days 365] [--users 1000] [--models 40] [--seed 1] [--zone Asia/Shanghai]"
    )
    exit(2)
}
let calls = option("--calls").flatMap { Int($0) } ?? 10_000_000
let days = option("--days").flatMap { Int($0) } ?? 365
let population = Population(
    users: option("--users").flatMap { Int($0) } ?? 1_000,
    keysPerUser: 2,
    models: option("--models").flatMap { Int($0) } ?? 40
)
let zones = option("--zone").flatMap { ZoneFiles().zone(named: $0) }.map { [$0] } ?? []
let seed = option("--seed").flatMap { UInt64($0) } ?? 1

let dayMicroseconds: Int64 = 86_400_000_000
let start = Instant(microseconds: end.microseconds - Int64(days) * dayMicroseconds)
let clock = Clock(start)
var settings = JournalSettings()
settings.batchCalls = 512
settings.batchMicroseconds = 50_000
settings.lingerMicroseconds = 0
settings.keepsRawUsage = false
settings.checkpointPages = 8_000
settings.spoolAfterMilliseconds = 60_000
settings.admitMilliseconds = 60_000
var logger = Logger(label: "history-generator")
logger.logLevel = .warning
let storage = try EmbeddedStorage(
    path: path,
    settings: settings,
    uncertainPolicy: .void,
    logger: logger,
    clock: { clock.now }
)
try population.write(to: storage.database, at: start)
let fold = PeriodFold(database: storage.database, zones: zones, rowsAStep: 5_000)
try fold.chooseZones()

let window = 2_048
let room = DispatchSemaphore(value: window)
let refused = Atomic<Int>(0)
let began = DispatchTime.now().uptimeNanoseconds
var day = start
var written = 0
for event in History(population, calls: calls, days: days, end: end, seed: seed) {
    room.wait()
    let journal = storage.journal
    journal.admit(AdmissionRequest(call: event.call, candidates: [event.candidate], hasSpendingLimit: false)) {
        answer in
        guard case .held(let hold) = answer else {
            refused.add(1, ordering: .relaxed)
            room.signal()
            return
        }
        let settlement = event.settlement(hold)
        clock.reach(settlement.result.endedAt)
        journal.settle(settlement) { _ in room.signal() }
    }
    written += 1
    if event.call.startedAt.microseconds - day.microseconds > dayMicroseconds {
        day = Instant(microseconds: day.microseconds + dayMicroseconds)
        while try fold.step(now: day) {}
    }
    if written % 500_000 == 0 {
        let seconds = Double(DispatchTime.now().uptimeNanoseconds - began) / 1e9
        print("\(written) calls, \(Int(Double(written) / seconds)) a second")
        fflush(nil)
    }
}
for _ in 0..<window { room.wait() }
while try fold.step(now: end) {}
try await storage.close()
print("\(written) calls in \(path), \(refused.load(ordering: .relaxed)) refused")
exit(refused.load(ordering: .relaxed) == 0 ? 0 : 1)

/// A clock that stands at the latest end of a call.
final class Clock: Sendable {
    private let time: Atomic<Int64>

    init(_ start: Instant) { time = Atomic(start.microseconds) }

    var now: Instant { Instant(microseconds: time.load(ordering: .relaxed)) }

    func reach(_ instant: Instant) { time.max(instant.microseconds, ordering: .relaxed) }
}
