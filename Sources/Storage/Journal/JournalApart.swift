import Domain

/// A writer's work whose rows others have locked for longer than a batch can wait: it waits apart, so that nobody else
/// waits with it, and is tried again and again for a while.
///
/// Times are monotonic nanoseconds.
struct JournalApart: Sendable {
    /// Between two tries.
    static let pauseNanoseconds: UInt64 = 50_000_000
    /// The longest time apart.
    static let limitNanoseconds: UInt64 = 2_000_000_000

    private struct Entry {
        let work: JournalWork
        let since: UInt64
    }

    private var waiting: [Entry] = []
    /// What the writer has for another try, and since when it had waited.
    private var tried: [CallID: UInt64] = [:]
    private var nextAt: UInt64 = 0

    /// While there is any, batches wait for nobody's locks: they would be held up by the same ones.
    var isEmpty: Bool { waiting.isEmpty && tried.isEmpty }

    /// Settlements that wait here.
    var settlements: [PendingSettlement] {
        waiting.compactMap { if case .settle(let pending) = $0.work { pending } else { nil } }
    }

    mutating func put(_ work: [JournalWork], now: UInt64) {
        for item in work { waiting.append(Entry(work: item, since: tried[item.call] ?? now)) }
        nextAt = now &+ Self.pauseNanoseconds
    }

    /// For the writer's next batch, after which what is held up still is put here again.
    /// - Returns: what is to be tried, at most `limit`, and what has waited too long. Neither is here any more.
    mutating func take(_ limit: Int, now: UInt64) -> (again: [JournalWork], late: [JournalWork]) {
        tried.removeAll()
        let late = waiting.filter { now &- $0.since > Self.limitNanoseconds }.map(\.work)
        if !late.isEmpty { waiting.removeAll { now &- $0.since > Self.limitNanoseconds } }
        guard !waiting.isEmpty, now >= nextAt else { return ([], late) }
        let again = waiting.prefix(limit)
        waiting.removeFirst(again.count)
        for entry in again { tried[entry.work.call] = entry.since }
        return (again.map(\.work), late)
    }
}
