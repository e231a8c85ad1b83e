import Dispatch
import Synchronization

/// A few threads for blocking work and before them a queue, bounded in length and in time, so that no amount of one kind of
/// work takes what another needs.
final class BoundedThreads: Sendable {
    private typealias Work = @Sendable () -> Void

    private struct Waiting {
        let number: Int
        let work: Work
    }

    private struct State {
        var idle: [DispatchQueue]
        var waiting: [Waiting] = []
        var numbers = 0
    }

    private enum Place {
        case thread(DispatchQueue)
        case queue(Int)
        case refused
    }

    private let state: Mutex<State>
    private let waitingLimit: Int
    private let patienceMilliseconds: Int

    /// - Parameters:
    ///   - waiting: how many may wait for a thread.
    ///   - patienceMilliseconds: for how long each.
    init(label: String, width: Int, waiting: Int, patienceMilliseconds: Int = 10_000) {
        // Serial queues have a thread of their own whenever they have work; a concurrent one shares the process's.
        state = Mutex(State(idle: (0..<width).map { DispatchQueue(label: "\(label).\($0)") }))
        waitingLimit = waiting
        self.patienceMilliseconds = patienceMilliseconds
    }

    /// - Throws: `StorageError.busy` where too many wait already, or no thread is free in time; else what `body` throws.
    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            take {
                continuation.resume(with: Result { try body() })
            } refuse: {
                continuation.resume(throwing: StorageError.busy)
            }
        }
    }

    private func take(_ work: @escaping Work, refuse: @escaping Work) {
        let place = state.withLock { state -> Place in
            if let thread = state.idle.popLast() { return .thread(thread) }
            guard state.waiting.count < waitingLimit else { return .refused }
            state.numbers += 1
            state.waiting.append(Waiting(number: state.numbers, work: work))
            return .queue(state.numbers)
        }
        switch place {
        case .thread(let thread): thread.async { [self] in run(from: work, on: thread) }
        case .queue(let number):
            DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(patienceMilliseconds)) { [self] in
                if leaveQueue(number) { refuse() }
            }
        case .refused: refuse()
        }
    }

    /// - Returns: false if it waits no more.
    private func leaveQueue(_ number: Int) -> Bool {
        state.withLock { state in
            guard let index = state.waiting.firstIndex(where: { $0.number == number }) else { return false }
            state.waiting.remove(at: index)
            return true
        }
    }

    /// Works until nothing waits.
    private func run(from first: @escaping Work, on thread: DispatchQueue) {
        var next: Work? = first
        while let work = next {
            work()
            next = state.withLock { state in
                guard state.waiting.isEmpty else { return state.waiting.removeFirst().work }
                state.idle.append(thread)
                return nil
            }
        }
    }
}
