import Dispatch
import Domain
import Synchronization

@testable import Storage

/// Calls one after the other, on threads of their own: nothing but the journal keeps them waiting.
enum Traffic {
    struct Outcome: Sendable {
        var settled = 0
        /// Of all settlements.
        var slowest = Duration.zero
    }

    /// - Parameter at: when a call's id says that it was made, by its place on its thread.
    static func run(
        _ journal: BatchJournal,
        threads: Int,
        calls: Int,
        at: @escaping @Sendable (Int) -> UInt64
    ) async throws -> Outcome {
        try await BlockingThreads.run {
            let sum = Mutex(Outcome())
            let group = DispatchGroup()
            for thread in 0..<threads {
                DispatchQueue(label: "traffic").async(group: group) {
                    for call in 0..<calls {
                        let number = UInt64(thread * 10_000 + call)
                        guard let taken = serve(number, at: at(call), journal) else { continue }
                        sum.withLock { sum in
                            sum.settled += 1
                            sum.slowest = max(sum.slowest, taken)
                        }
                    }
                }
            }
            group.wait()
            return sum.withLock(\.self)
        }
    }

    /// - Returns: how long its settlement took; nil unless it was admitted and booked.
    private static func serve(_ number: UInt64, at milliseconds: UInt64, _ journal: BatchJournal) -> Duration? {
        let isDone = DispatchSemaphore(value: 0)
        let answer = Mutex<(hold: Hold?, isDurable: Bool)>((nil, false))
        journal.admit(Books.request(number, bound: Money(picoDollars: 100), at: milliseconds)) { admission in
            if case .held(let hold) = admission { answer.withLock { $0.hold = hold } }
            isDone.signal()
        }
        isDone.wait()
        guard let hold = answer.withLock({ $0.hold }) else { return nil }
        let start = ContinuousClock.now
        journal.settle(Books.settlement(number, hold: hold, charge: Money(picoDollars: 40), at: milliseconds)) {
            outcome in
            answer.withLock { $0.isDurable = outcome == .durable }
            isDone.signal()
        }
        isDone.wait()
        return answer.withLock(\.isDurable) ? ContinuousClock.now - start : nil
    }
}
