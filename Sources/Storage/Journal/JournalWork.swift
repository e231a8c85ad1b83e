import Domain
import Synchronization

/// What the writer does for one call.
enum JournalWork: Sendable {
    case settle(PendingSettlement)
    case admit(PendingAdmission)

    var call: CallID {
        switch self {
        case .settle(let pending): pending.settlement.call.id
        case .admit(let pending): pending.request.call.id
        }
    }
}

/// An admission that waits for its commit.
final class PendingAdmission: Sendable {
    let request: AdmissionRequest
    let completion: @Sendable (Admission) -> Void
    /// Monotonic nanoseconds.
    let queuedAt: UInt64

    init(_ request: AdmissionRequest, queuedAt: UInt64, completion: @escaping @Sendable (Admission) -> Void) {
        self.request = request
        self.queuedAt = queuedAt
        self.completion = completion
    }
}

/// A settlement that waits for its commit or its place in the spool, whichever is first.
final class PendingSettlement: Sendable {
    let settlement: Settlement
    /// Monotonic nanoseconds.
    let queuedAt: UInt64
    private let completion: @Sendable (SettleOutcome) -> Void
    private let isAnswered = Atomic(false)
    private let committed = Atomic(false)

    init(
        _ settlement: Settlement,
        queuedAt: UInt64 = 0,
        completion: @escaping @Sendable (SettleOutcome) -> Void = { _ in }
    ) {
        self.settlement = settlement
        self.queuedAt = queuedAt
        self.completion = completion
    }

    /// Runs the completion the first time; afterwards does nothing.
    func answer(_ outcome: SettleOutcome) {
        if isAnswered.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged {
            completion(outcome)
        }
    }

    var isDone: Bool { isAnswered.load(ordering: .acquiring) }

    /// The database has it. Sequentially consistent with the spool keeper's count, see ``SpoolKeeper``.
    var isCommitted: Bool { committed.load(ordering: .sequentiallyConsistent) }
    func markCommitted() { committed.store(true, ordering: .sequentiallyConsistent) }
}
