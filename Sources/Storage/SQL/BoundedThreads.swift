import Dispatch
import Synchronization

/// A few threads for blocking work and a bounded queue before them, so that no amount of one kind of work takes what
/// another needs.
final class BoundedThreads: Sendable {
    private typealias Work = @Sendable () -> Void

    private struct State {
        var idle: [DispatchQueue]
        var waiting: [Work] = []
    }

    private enum Place {
        case thread(DispatchQueue)
        case queue
        case refused
    }

    private let state: Mutex<State>
    private let waitingLimit: Int

    /// - Parameter waiting: how many may wait for a thread.
    init(label: String, width: Int, waiting: Int) {
        // Serial queues have a thread of their own whenever they have work; a concurrent one shares the process's.
        state = Mutex(State(idle: (0..<width).map { DispatchQueue(label: "\(label).\($0)") }))
        waitingLimit = waiting
    }

    /// - Throws: `StorageError.busy` where too many wait already, else what `body` throws.
    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let isTaken = take { continuation.resume(with: Result { try body() }) }
            if !isTaken { continuation.resume(throwing: StorageError.busy) }
        }
    }

    private func take(_ work: @escaping Work) -> Bool {
        let place = state.withLock { state -> Place in
            if let thread = state.idle.popLast() { return .thread(thread) }
            guard state.waiting.count < waitingLimit else { return .refused }
            state.waiting.append(work)
            return .queue
        }
        switch place {
        case .thread(let thread): thread.async { [self] in run(from: work, on: thread) }
        case .queue: break
        case .refused: return false
        }
        return true
    }

    /// Works until nothing waits.
    private func run(from first: @escaping Work, on thread: DispatchQueue) {
        var next: Work? = first
        while let work = next {
            work()
            next = state.withLock { state in
                guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
                state.idle.append(thread)
                return nil
            }
        }
    }
}
