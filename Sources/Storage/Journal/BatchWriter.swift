import Dispatch
import Domain
import Synchronization

/// Turns a batch into one transaction, and says whose fault it is where that fails.
final class BatchWriter: Sendable {
    enum Failure: Error {
        /// Rolled back because of a record, or of our own mistake.
        case record(Fault)
        /// Rolled back, or not begun: the database takes nothing at the moment.
        case away(StorageError)
        /// The commit itself failed: nobody knows whether it happened.
        case unknown(StorageError)
    }

    /// What a record did.
    struct Fault: Sendable {
        let cause: String
        /// The same for records that fail alike, whatever their numbers.
        let kind: String
        /// An integrity or data error: the record may be poison. Otherwise the mistake is ours.
        let isOfData: Bool
    }

    struct Committed: Sendable {
        /// How much of the work was done: a prefix, ended by the time a transaction may take.
        var count = 0
        /// One for each done item; nil for settlements.
        var answers: [Admission?] = []
        /// Calls that this process had admitted and that are closed now.
        var freed = 0
        /// Closings that an operator has to hear of.
        var remarkable: [(call: CallID, closing: Closing)] = []
    }

    private struct State {
        var memory: LedgerBatch.Memory
        /// Rows this process inserted and nobody closed: they need not be read before they are closed.
        var open: Set<CallID> = []
        /// The ledger's time never runs backwards.
        var newest: Instant
    }

    private let database: SQLiteDatabase
    private let batchNanoseconds: UInt64
    private let clock: @Sendable () -> Instant
    private let state: Mutex<State>

    init(
        database: SQLiteDatabase,
        memory: LedgerBatch.Memory,
        newest: Instant,
        batchMicroseconds: UInt64,
        clock: @escaping @Sendable () -> Instant
    ) {
        self.database = database
        self.clock = clock
        batchNanoseconds = batchMicroseconds * 1_000
        state = Mutex(State(memory: memory, newest: newest))
    }

    /// - Parameter trustsMemory: rows that this process knows to be open are closed without being read first.
    /// - Throws: ``Failure``. Nothing is committed then, except perhaps after `.unknown`.
    func commit(_ work: ArraySlice<JournalWork>, trustsMemory: Bool) throws -> Committed {
        try state.withLock { state in
            var committed = Committed()
            committed.answers.reserveCapacity(work.count)
            var memory = state.memory
            var now = state.newest
            try transaction { connection in
                // Read after the lock: whoever had it before may have booked at a later time.
                now = max(clock(), state.newest)
                let start = DispatchTime.now().uptimeNanoseconds
                var batch = LedgerBatch(connection, memory: state.memory, now: now)
                var settles = false
                for item in work {
                    switch item {
                    case .settle(let pending):
                        settles = true
                        let isOpen = trustsMemory && state.open.contains(pending.settlement.call.id)
                        let closing = try batch.settle(pending.settlement, isOpen: isOpen)
                        if closing.isRemarkable {
                            committed.remarkable.append((pending.settlement.call.id, closing))
                        }
                        committed.answers.append(nil)
                    case .admit(let pending):
                        committed.answers.append(try batch.admit(pending.request))
                    }
                    committed.count += 1
                    if committed.count % 16 == 0,
                        DispatchTime.now().uptimeNanoseconds &- start > batchNanoseconds
                    {
                        break
                    }
                }
                Failpoint.hit("journal.before-commit")
                if settles { Failpoint.hit("journal.before-settle-commit") }
                memory = try batch.finish()
            }
            state.memory = memory
            state.newest = now
            for (item, answer) in zip(work, committed.answers) {
                switch item {
                case .settle(let pending):
                    if state.open.remove(pending.settlement.call.id) != nil { committed.freed += 1 }
                case .admit(let pending):
                    if case .held = answer { state.open.insert(pending.request.call.id) }
                }
            }
            return committed
        }
    }

    /// Sets a record aside that cannot be booked; its hold stays. - Returns: true if this process had admitted the call.
    /// - Throws: ``Failure``.
    func quarantine(_ settlement: Settlement, cause: String) throws -> Bool {
        try state.withLock { state in
            try transaction { connection in
                try QuarantineRows.insert(
                    settlement.call.id,
                    record: SettlementCoding.encode(settlement),
                    cause: cause,
                    now: max(clock(), state.newest),
                    connection
                )
            }
            return state.open.remove(settlement.call.id) != nil
        }
    }

    /// Whether the database takes a commit: writes this replica's beat. - Throws: ``Failure``.
    func beat() throws {
        try state.withLock { state in
            try transaction { connection in
                _ = try connection.execute(
                    "UPDATE replicas SET beat = beat + 1, beat_at = ? WHERE id = ?",
                    SQLValue(max(clock(), state.newest)),
                    SQLValue(state.memory.replica)
                )
            }
        }
    }

    /// One transaction, and whose fault it is where it fails. - Throws: ``Failure``.
    private func transaction(_ body: (SQLiteConnection) throws -> Void) throws {
        do {
            try database.withWriter { connection in
                do throws(StorageError) {
                    if Failpoint.fails("journal.begin") { throw .busy }
                    try connection.begin()
                } catch { throw Failure.away(error) }
                do { try body(connection) } catch {
                    connection.rollBack()
                    throw Self.failure(error)
                }
                do throws(StorageError) {
                    if Failpoint.fails("journal.commit") { throw .io("a failpoint") }
                    try connection.commit()
                } catch {
                    switch error {
                    // These say for sure that nothing was committed.
                    case .full, .busy: throw Failure.away(error)
                    case .constraint: throw Self.failure(error)
                    default: throw Failure.unknown(error)
                    }
                }
            }
        } catch { throw Self.failure(error) }
    }

    private static func failure(_ error: any Error) -> Failure {
        switch error {
        case let error as Failure: error
        case let error as StorageError:
            switch error {
            case .busy, .full, .io, .unusable: .away(error)
            case .constraint(let cause): .record(Fault(cause: cause, kind: cause, isOfData: true))
            case .misuse(let cause): .record(Fault(cause: cause, kind: cause, isOfData: false))
            }
        case let error as LedgerError:
            .record(Fault(cause: "\(error)", kind: kind(of: error), isOfData: true))
        default: .record(Fault(cause: "\(error)", kind: "\(type(of: error))", isOfData: false))
        }
    }

    private static func kind(of error: LedgerError) -> String {
        switch error {
        case .unbalanced: "unbalanced"
        case .unknownLane: "unknownLane"
        case .malformedParts: "malformedParts"
        case .invalidAmount: "invalidAmount"
        case .overflow: "overflow"
        case .exceedsCaptured: "exceedsCaptured"
        case .ended: "ended"
        case .notEnded: "notEnded"
        }
    }
}
