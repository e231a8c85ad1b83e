import Dispatch
import Domain
import Glibc
import Synchronization

/// Turns a batch into one transaction, and says whose fault it is where that fails.
final class BatchWriter: Sendable {
    enum Failure: Error {
        /// Rolled back because of a record, or of our own mistake.
        case record(Fault)
        /// Rolled back, or not begun: the database takes nothing at the moment.
        case away(StorageError)
        /// The commit itself failed: nobody knows whether it happened, and whether these calls are held for.
        case unknown(StorageError, held: [(call: CallIntent, hold: Hold)])
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
        /// How much of the work was taken: a prefix, ended by the time a transaction may take.
        var count = 0
        /// What of it was done.
        var done: ArraySlice<JournalWork> = []
        /// The rest of it: others have its rows locked.
        var heldUp: [JournalWork] = []
        /// One for each that was done; nil for settlements.
        var answers: [Admission?] = []
        /// Calls that this process had admitted and that are closed now.
        var freed = 0
        /// Closings that an operator has to hear of.
        var remarkable: [(call: CallID, closing: Closing)] = []
    }

    private struct State {
        var memory: LedgerBatch.Memory
        /// The ledger's time never runs backwards.
        var newest: Instant
        /// A commit's outcome is unknown: its leaves may be there.
        var isUnsure = false
        /// Of the last transaction. A server that was promoted meanwhile may lack leaves that its predecessor had.
        var session: UInt64 = 0
    }

    /// Where another transaction was in the way, a batch is done again so often.
    private static let attempts = 5

    private let database: any LedgerDatabase
    private let lane: LedgerLane
    private let openCalls: OpenCalls
    private let batchNanoseconds: UInt64
    private let clock: @Sendable () -> Instant
    private let state: Mutex<State>

    /// - Parameter openCalls: shared by the writers of a process.
    init(
        database: any LedgerDatabase,
        lane: LedgerLane,
        openCalls: OpenCalls,
        memory: LedgerBatch.Memory,
        newest: Instant,
        batchMicroseconds: UInt64,
        clock: @escaping @Sendable () -> Instant
    ) {
        self.database = database
        self.lane = lane
        self.openCalls = openCalls
        self.clock = clock
        batchNanoseconds = batchMicroseconds * 1_000
        state = Mutex(State(memory: memory, newest: newest))
    }

    /// - Parameter trustsMemory: rows that this process knows to be open are closed without being read first. That is so
    ///   only where no other process may have taken this one for dead.
    /// - Parameter skipsLocked: on a server, what others have locked is left for another time. A batch that lost against
    ///   another transaction does so too when it is done again.
    /// - Throws: ``Failure``. Nothing is committed then, except perhaps after `.unknown`.
    func commit(
        _ work: ArraySlice<JournalWork>,
        trustsMemory: Bool,
        skipsLocked: Bool = false
    ) throws -> Committed {
        let open = trustsMemory && database.dialect == .sqlite ? openCalls.known(in: work) : []
        return try state.withLock { state in
            try meetUserAgents(of: work, &state.memory)
            var committed = Committed()
            var memory = state.memory
            var now = state.newest
            var session = state.session
            try transaction { connection, isAgain in
                committed = Committed()
                session = connection.session
                committed.done.reserveCapacity(work.count)
                committed.answers.reserveCapacity(work.count)
                if state.isUnsure || state.session != connection.session {
                    state.memory.nextLeaf = try AuditLeaves.next(of: state.memory.replica, connection)
                }
                var needs = LedgerBatch.Needs()
                for item in work {
                    switch item {
                    case .settle(let pending):
                        needs.settle(pending.settlement, isOpen: open.contains(pending.settlement.call.id))
                    case .admit(let pending): needs.admit(pending.request)
                    }
                }
                var batch = try LedgerBatch(
                    connection,
                    memory: state.memory,
                    needs: needs,
                    after: state.newest,
                    skipsLocked: (skipsLocked || isAgain) && database.dialect != .sqlite
                ) {
                    // Whoever had the locks before may have booked at a later time.
                    try max(LedgerTime.read(connection) ?? clock(), state.newest)
                }
                now = batch.time
                let start = DispatchTime.now().uptimeNanoseconds
                var settles = false
                for item in work {
                    committed.count += 1
                    if batch.isHeldUp(item) {
                        committed.heldUp.append(item)
                        continue
                    }
                    switch item {
                    case .settle(let pending):
                        settles = true
                        let isOpen = open.contains(pending.settlement.call.id)
                        let closing = try batch.settle(pending.settlement, isOpen: isOpen)
                        if closing.isRemarkable {
                            committed.remarkable.append((pending.settlement.call.id, closing))
                        }
                        committed.answers.append(nil)
                    case .admit(let pending):
                        committed.answers.append(try batch.admit(pending.request))
                    }
                    committed.done.append(item)
                    if committed.count % 16 == 0,
                        DispatchTime.now().uptimeNanoseconds &- start > batchNanoseconds
                    {
                        break
                    }
                }
                memory = try batch.finish()
                Failpoint.hit("journal.before-commit")
                if settles { Failpoint.hit("journal.before-settle-commit") }
                if committed.answers.contains(where: { $0 != nil }) { Failpoint.hit("journal.before-admit-commit") }
            } unknown: { error in
                state.isUnsure = true
                return .unknown(error, held: committed.held)
            }
            state.isUnsure = false
            state.session = session
            state.memory = memory
            state.newest = now
            committed.freed = openCalls.update(committed.done, answers: committed.answers)
            return committed
        }
    }

    /// Several writers that meet the same new names would wait for each other in their ledger transactions.
    private func meetUserAgents(of work: ArraySlice<JournalWork>, _ memory: inout LedgerBatch.Memory) throws {
        guard database.dialect != .sqlite else { return }
        var names: Set<String> = []
        for case .admit(let pending) in work where memory.known(pending.request.call.userAgent) == nil {
            names.insert(pending.request.call.userAgent)
        }
        guard !names.isEmpty else { return }
        var met = memory
        try transaction { connection, _ in
            met = memory
            for name in names.sorted() { _ = try met.userAgent(name, connection) }
        } unknown: {
            // Whether they are there shows when they are asked for again.
            .away($0)
        }
        memory = met
    }

    /// Sets a record aside that cannot be booked; its hold stays. - Returns: true if this process had admitted the call.
    /// - Throws: ``Failure``.
    func quarantine(_ settlement: Settlement, cause: String) throws -> Bool {
        try state.withLock { state in
            try transaction { connection, _ in
                try QuarantineRows.insert(
                    settlement.call.id,
                    record: SettlementCoding.encode(settlement),
                    cause: cause,
                    now: try max(LedgerTime.read(connection) ?? clock(), state.newest),
                    connection
                )
            }
        }
        return openCalls.remove(settlement.call.id)
    }

    /// Whether the database takes a commit: writes this replica's beat. - Throws: ``Failure``.
    func beat() throws {
        try state.withLock { state in
            try transaction { connection, _ in
                try ReplicaRows.beat(
                    state.memory.replica,
                    now: max(LedgerTime.read(connection) ?? clock(), state.newest),
                    connection
                )
            }
        }
    }

    /// One transaction, again where another was in the way, and whose fault it is where it fails. - Throws: ``Failure``.
    private func transaction(
        _ body: (any TransactionConnection, _ isAgain: Bool) throws -> Void,
        unknown: (StorageError) -> Failure = { .unknown($0, held: []) }
    ) throws {
        var attempt = 1
        while true {
            do {
                return try attemptTransaction({ try body($0, attempt > 1) }, unknown: unknown)
            } catch StorageError.contended(let cause) {
                guard attempt < Self.attempts else { throw Failure.away(.contended(cause)) }
                // Whoever was in the way should not be met again at once.
                usleep(UInt32.random(in: 0...UInt32(attempt * 2_000)))
                attempt += 1
            } catch { throw Self.failure(error) }
        }
    }

    private func attemptTransaction(
        _ body: (any TransactionConnection) throws -> Void,
        unknown: (StorageError) -> Failure
    ) throws {
        try database.withLedger(lane) { connection in
            do throws(StorageError) {
                if Failpoint.fails("journal.begin") { throw .busy }
                try connection.begin()
            } catch { throw Failure.away(error) }
            do {
                try body(connection)
                if Failpoint.fails("journal.contended") { throw StorageError.contended("a failpoint") }
            } catch {
                connection.rollBack()
                throw error
            }
            do throws(StorageError) {
                if Failpoint.fails("journal.commit") { throw .io("a failpoint") }
                try connection.commit()
            } catch {
                switch error {
                // These say for sure that nothing was committed.
                case .full, .busy: throw Failure.away(error)
                case .constraint, .contended: throw error
                default: throw unknown(error)
                }
            }
        }
    }

    private static func failure(_ error: any Error) -> Failure {
        switch error {
        case let error as Failure: error
        case let error as StorageError:
            switch error {
            case .busy, .contended, .full, .io, .unusable: .away(error)
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

extension BatchWriter.Committed {
    /// Calls that would be held for.
    fileprivate var held: [(call: CallIntent, hold: Hold)] {
        zip(done, answers).compactMap { item, answer in
            guard case .admit(let pending) = item, case .held(let hold)? = answer else { return nil }
            return (pending.request.call, hold)
        }
    }
}
