import Domain
import Synchronization

/// Calls that this process admitted and nobody of it has closed.
final class OpenCalls: Sendable {
    private let calls = Mutex<Set<CallID>>([])

    /// Those of the settlements in `work`.
    func known(in work: ArraySlice<JournalWork>) -> Set<CallID> {
        calls.withLock { calls in
            var known: Set<CallID> = []
            for case .settle(let pending) in work where calls.contains(pending.settlement.call.id) {
                known.insert(pending.settlement.call.id)
            }
            return known
        }
    }

    /// After a commit. - Returns: how many are closed now.
    func update(_ work: ArraySlice<JournalWork>, answers: [Admission?]) -> Int {
        calls.withLock { calls in
            var freed = 0
            for (item, answer) in zip(work, answers) {
                switch item {
                case .settle(let pending): if calls.remove(pending.settlement.call.id) != nil { freed += 1 }
                case .admit(let pending): if case .held = answer { calls.insert(pending.request.call.id) }
                }
            }
            return freed
        }
    }

    /// - Returns: whether it was there.
    func remove(_ call: CallID) -> Bool { calls.withLock { $0.remove(call) != nil } }
}
