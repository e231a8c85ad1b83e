import Dispatch
package import Domain
import Glibc
package import Logging
import Synchronization

/// What a journal may take and how long it waits.
package struct JournalSettings: Sendable {
    /// Calls in one transaction.
    package var batchCalls = 128
    /// Work in one transaction, before its commit.
    package var batchMicroseconds: UInt64 = 2_000
    /// How long a batch waits for company when the last one had some.
    package var lingerMicroseconds: UInt32 = 250
    package var admitQueue = 8_192
    /// A settlement that nobody acknowledged goes to the spool after this.
    package var spoolAfterMilliseconds: UInt64 = 2_000
    package var keepsRawUsage = true
    /// The WAL is checkpointed beyond this many of its pages.
    package var checkpointPages = 1_000

    package init() {}
}

/// The journal on an embedded database: one writer thread; batches of settlements first, then admissions; completions
/// only after the commit.
package final class BatchJournal: Journal {
    private final class Pending: Sendable {
        let settlement: Settlement
        let completion: @Sendable (SettleOutcome) -> Void
        let queuedAt: UInt64
        private let isAnswered = Atomic(false)

        init(_ settlement: Settlement, completion: @escaping @Sendable (SettleOutcome) -> Void) {
            self.settlement = settlement
            self.completion = completion
            queuedAt = DispatchTime.now().uptimeNanoseconds
        }

        /// The commit or the spool, whichever is first; the other one changes nothing.
        func answer(_ outcome: SettleOutcome) {
            if isAnswered.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged {
                completion(outcome)
            }
        }

        var isDone: Bool { isAnswered.load(ordering: .acquiring) }
    }

    private struct Asked: Sendable {
        let request: AdmissionRequest
        let completion: @Sendable (Admission) -> Void
    }

    /// A refusal that would be repeated: asking again with at least as much is answered from here.
    private struct Refused {
        let refusal: Refusal
        let bound: Money
        let at: UInt64
    }

    private struct State {
        var admissions: [Asked] = []
        var settlements: [Pending] = []
        /// Taken by the writer, not yet acknowledged.
        var inFlight: [Pending] = []
        var admissionsByUser: [UserID: Int] = [:]
        var refused: [RefusedKey: Refused] = [:]
        var isWaiting = false
        var isStopping = false
        var isStopped = false
        /// Set while commits fail: admissions are refused at once.
        var isBroken = false
    }

    private struct RefusedKey: Hashable {
        let userID: UserID
        let keyID: APIKeyID?
        let groups: [ModelGroupID]
    }

    private enum Failure: Error { case commit(StorageError) }

    private let database: SQLiteDatabase
    private let settings: JournalSettings
    private let logger: Logger
    private let clock: @Sendable () -> Instant
    private let onFatal: @Sendable (StorageError) -> Void
    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)
    private let stopped = DispatchSemaphore(value: 0)
    private let spool: Mutex<SpoolBox>
    private let writer: Mutex<WriterMemory>
    private let wantsGap = Atomic(false)
    private let committedBatches = Atomic<Int>(0)

    private struct SpoolBox: ~Copyable {
        var spool: Spool?
        /// In the spool and acknowledged, not yet in the database.
        var waiting: [Settlement] = []
    }

    private struct WriterMemory {
        var memory: LedgerBatch.Memory
        /// Rows this process inserted and nobody closed: they need not be read before they are closed.
        var open: Set<CallID> = []
        var newest = Instant(microseconds: 0)
        var lastBatch = 0
    }

    /// - Parameter onFatal: called when a commit failed in a way that leaves its outcome unknown; it must not return to
    ///   serving. The default ends the process.
    package init(
        database: SQLiteDatabase,
        replica: ReplicaID,
        spoolPath: String,
        firstLeaf: Int64 = 0,
        settings: JournalSettings,
        logger: Logger,
        clock: @escaping @Sendable () -> Instant,
        onFatal: (@Sendable (StorageError) -> Void)? = nil
    ) throws {
        self.database = database
        self.settings = settings
        self.logger = logger
        self.clock = clock
        self.onFatal =
            onFatal ?? { error in
                logger.critical("a commit failed; its outcome is unknown", metadata: ["cause": "\(error)"])
                _exit(70)
            }
        let made = try Spool(path: spoolPath)
        spool = Mutex(SpoolBox(spool: UncheckedSpool(spool: made).spool))
        var memory = LedgerBatch.Memory(replica: replica)
        memory.keepsRawUsage = settings.keepsRawUsage
        memory.nextLeaf = firstLeaf
        writer = Mutex(WriterMemory(memory: memory))
    }

    private struct UncheckedSpool: @unchecked Sendable { let spool: Spool }

    /// Starts the writer and its watch; call once.
    package func start() {
        DispatchQueue(label: "tokenaudit.journal").async { [self] in
            while runBatch() {}
            state.withLock { $0.isStopped = true }
            stopped.signal()
        }
        DispatchQueue(label: "tokenaudit.journal.watch").async { [self] in
            while !state.withLock({ $0.isStopped }) {
                usleep(100_000)
                spoolOverdue()
                retrySpooled()
                checkpoint()
            }
        }
    }

    /// Takes no admissions any more, commits what waits, and ends the writer.
    package func stop() async {
        state.withLock { $0.isStopping = true }
        wake.signal()
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { [self] in
                stopped.wait()
                stopped.signal()
                continuation.resume()
            }
        }
        spool.withLock { box in
            if box.waiting.isEmpty, let path = box.spool?.path {
                unlink(path)
                box.spool = nil
            }
        }
    }

    package var isReady: Bool { state.withLock { !$0.isBroken && !$0.isStopping } }

    /// Settlements waiting for the writer or in its hands.
    package var unsettled: Int { state.withLock { $0.settlements.count + $0.inFlight.count } }

    // MARK: - Asking

    package func admit(_ request: AdmissionRequest, completion: @escaping @Sendable (Admission) -> Void) {
        let key = refusedKey(request)
        let (answer, wakes) = state.withLock { state -> (Admission?, Bool) in
            if state.isStopping || state.isBroken { return (.unavailable, false) }
            if let refused = state.refused[key] {
                if DispatchTime.now().uptimeNanoseconds &- refused.at < 1_000_000_000 {
                    if lowestBound(request) >= refused.bound { return (.refused(refused.refusal), false) }
                } else {
                    state.refused[key] = nil
                }
            }
            let ofUser = state.admissionsByUser[request.call.userID, default: 0]
            guard state.admissions.count < settings.admitQueue, ofUser < settings.admitQueue / 4 else {
                return (.unavailable, false)
            }
            state.admissionsByUser[request.call.userID] = ofUser + 1
            state.admissions.append(Asked(request: request, completion: completion))
            defer { state.isWaiting = false }
            return (nil, state.isWaiting)
        }
        if let answer { return completion(answer) }
        if wakes { wake.signal() }
    }

    package func settle(_ settlement: Settlement, completion: @escaping @Sendable (SettleOutcome) -> Void) {
        let pending = Pending(settlement, completion: completion)
        let (isStopped, wakes) = state.withLock { state -> (Bool, Bool) in
            guard !state.isStopped else { return (true, false) }
            state.settlements.append(pending)
            defer { state.isWaiting = false }
            return (false, state.isWaiting)
        }
        if isStopped { return pending.answer(writeToSpool(pending.settlement) ? .durable : .lost) }
        if wakes { wake.signal() }
    }

    private func refusedKey(_ request: AdmissionRequest) -> RefusedKey {
        RefusedKey(
            userID: request.call.userID,
            keyID: request.hasSpendingLimit ? request.call.keyID : nil,
            groups: request.candidates.map(\.groupID)
        )
    }

    /// What the call would be held for at the very least.
    private func lowestBound(_ request: AdmissionRequest) -> Money {
        var lowest: Money?
        for candidate in request.candidates {
            guard let bound = try? candidate.quote.bound(outputLimit: candidate.quote.lowestOutputLimit) else {
                continue
            }
            lowest = min(lowest ?? bound, bound)
        }
        return lowest ?? Money(picoDollars: .max)
    }

    // MARK: - Writing

    /// - Returns: false when stopping and nothing is left to do.
    private func runBatch() -> Bool {
        if wantsGap.exchange(false, ordering: .acquiringAndReleasing) { _ = try? database.checkpoint() }
        let lastBatch = writer.withLock { $0.lastBatch }
        let waiting = state.withLock { $0.admissions.count + $0.settlements.count }
        // Under load a batch is worth waiting for; it also gives other writers of the database their turn.
        if lastBatch >= 4, waiting < settings.batchCalls / 2 { usleep(settings.lingerMicroseconds) }

        let (settlements, admissions, isOver) = state.withLock { state -> ([Pending], [Asked], Bool) in
            let settlements = Array(state.settlements.prefix(settings.batchCalls))
            state.settlements.removeFirst(settlements.count)
            let admissions = Array(state.admissions.prefix(settings.batchCalls - settlements.count))
            state.admissions.removeFirst(admissions.count)
            for asked in admissions {
                let left = (state.admissionsByUser[asked.request.call.userID] ?? 1) - 1
                state.admissionsByUser[asked.request.call.userID] = left > 0 ? left : nil
            }
            state.inFlight = settlements
            let isEmpty = settlements.isEmpty && admissions.isEmpty
            state.isWaiting = isEmpty && !state.isStopping
            return (settlements, admissions, isEmpty && state.isStopping)
        }
        if isOver { return false }
        if settlements.isEmpty, admissions.isEmpty {
            writer.withLock { $0.lastBatch = 0 }
            _ = wake.wait(timeout: .now() + .milliseconds(500))
            return true
        }
        write(settlements: settlements, admissions: admissions)
        writer.withLock { $0.lastBatch = settlements.count + admissions.count }
        return true
    }

    private func write(settlements: [Pending], admissions: [Asked]) {
        do {
            try commit(settlements: settlements, admissions: admissions, readsRows: false)
        } catch Failure.commit(let error) {
            onFatal(error)
            fail(settlements: settlements, admissions: admissions)
        } catch {
            // Something in the batch, or the database itself: each record alone shows which.
            logger.warning("a batch failed and is done record by record", metadata: ["cause": "\(error)"])
            oneByOne(settlements: settlements, admissions: admissions)
        }
        state.withLock { $0.inFlight = [] }
    }

    private func commit(settlements: [Pending], admissions: [Asked], readsRows: Bool) throws {
        var answers: [Admission] = []
        try writer.withLock { writer in
            let now = max(clock(), writer.newest)
            var memory = writer.memory
            var closed: [CallID] = []
            var opened: [CallID] = []
            answers.reserveCapacity(admissions.count)
            do {
                try database.withWriter { connection in
                    try connection.begin()
                    do {
                        var batch = LedgerBatch(connection, memory: writer.memory, now: now)
                        for pending in settlements {
                            let id = pending.settlement.call.id
                            _ = try batch.settle(pending.settlement, isOpen: !readsRows && writer.open.contains(id))
                            closed.append(id)
                        }
                        for asked in admissions {
                            let answer = try batch.admit(asked.request)
                            if case .held = answer { opened.append(asked.request.call.id) }
                            answers.append(answer)
                        }
                        Failpoint.hit("journal.before-commit")
                        if !settlements.isEmpty { Failpoint.hit("journal.before-settle-commit") }
                        memory = try batch.finish()
                    } catch {
                        connection.rollBack()
                        throw error
                    }
                    do throws(StorageError) { try connection.commit() } catch {
                        // A full disk or a lock says for sure that nothing was committed.
                        switch error {
                        case .full, .busy: throw error
                        default: throw Failure.commit(error)
                        }
                    }
                }
            } catch {
                // Texts whose rows were rolled back must not be remembered.
                writer.memory.userAgents.removeAll()
                throw error
            }
            writer.memory = memory
            writer.newest = now
            for id in closed { writer.open.remove(id) }
            for id in opened { writer.open.insert(id) }
        }
        committedBatches.add(1, ordering: .relaxed)
        if !settlements.isEmpty { Failpoint.hit("journal.after-settle-commit") }
        if !admissions.isEmpty { Failpoint.hit("journal.after-admit-commit") }
        remember(settlements: settlements, admissions: admissions, answers: answers)
        for pending in settlements { pending.answer(.durable) }
        for (asked, answer) in zip(admissions, answers) { asked.completion(answer) }
    }

    /// Keeps refusals, and forgets those of users whose holds ended.
    private func remember(settlements: [Pending], admissions: [Asked], answers: [Admission]) {
        state.withLock { state in
            state.isBroken = false
            if !state.refused.isEmpty, !settlements.isEmpty {
                let users = Set(settlements.map(\.settlement.call.userID))
                state.refused = state.refused.filter { !users.contains($0.key.userID) }
            }
            for (asked, answer) in zip(admissions, answers) {
                guard case .refused(let refusal) = answer else { continue }
                let key = refusedKey(asked.request)
                let bound = lowestBound(asked.request)
                if let known = state.refused[key], known.bound <= bound { continue }
                if state.refused.count >= 4_096 { state.refused.removeAll(keepingCapacity: true) }
                state.refused[key] = Refused(refusal: refusal, bound: bound, at: DispatchTime.now().uptimeNanoseconds)
            }
        }
    }

    // MARK: - Failing

    private func oneByOne(settlements: [Pending], admissions: [Asked]) {
        var failures: [(Pending, StorageError)] = []
        var causes: [StorageError: Int] = [:]
        for pending in settlements {
            do {
                // Twice: what fails once may have been the weather.
                do { try commit(settlements: [pending], admissions: [], readsRows: true) } catch is StorageError {
                    try commit(settlements: [pending], admissions: [], readsRows: true)
                } catch is LedgerError { try commit(settlements: [pending], admissions: [], readsRows: true) }
            } catch Failure.commit(let error) {
                onFatal(error)
                failures.append((pending, error))
            } catch {
                let cause = (error as? StorageError) ?? .constraint("\(error)")
                failures.append((pending, cause))
                causes[cause, default: 0] += 1
            }
        }
        for (pending, cause) in failures {
            switch cause {
            case .constraint where causes[cause] == 1: quarantine(pending, cause: cause)
            default:
                // Not the record's fault: the spool takes it, and no new calls are admitted until a commit succeeds.
                state.withLock { $0.isBroken = true }
                pending.answer(writeToSpool(pending.settlement, waits: true) ? .durable : .lost)
            }
        }
        for asked in admissions {
            if state.withLock({ $0.isBroken }) {
                asked.completion(.unavailable)
                continue
            }
            do {
                try commit(settlements: [], admissions: [asked], readsRows: true)
            } catch Failure.commit(let error) {
                onFatal(error)
                asked.completion(.unavailable)
            } catch {
                logger.error(
                    "an admission failed",
                    metadata: ["call": "\(asked.request.call.id)", "cause": "\(error)"]
                )
                if case .some(.constraint) = error as? StorageError {} else { state.withLock { $0.isBroken = true } }
                asked.completion(.unavailable)
            }
        }
    }

    private func fail(settlements: [Pending], admissions: [Asked]) {
        for pending in settlements { pending.answer(.lost) }
        for asked in admissions { asked.completion(.unavailable) }
    }

    /// Sets a record aside that fails alone, again and again: its hold stays, an operator decides. The answer may end
    /// once it is committed there.
    private func quarantine(_ pending: Pending, cause: StorageError) {
        let settlement = pending.settlement
        logger.critical(
            "a settlement was quarantined",
            metadata: ["call": "\(settlement.call.id)", "cause": "\(cause)"]
        )
        do {
            let now = clock()
            try database.write { connection in
                try connection.execute(
                    "INSERT INTO quarantine (call_id, record, cause, created_at) VALUES (?, ?, ?, ?) ON CONFLICT (call_id) DO NOTHING",
                    SQLValue(settlement.call.id),
                    .blob(SettlementCoding.encode(settlement)),
                    .text(cause.description),
                    SQLValue(now)
                )
            }
            pending.answer(.durable)
        } catch {
            pending.answer(writeToSpool(settlement, waits: true) ? .durable : .lost)
        }
    }

    // MARK: - Spool and checkpoints

    /// - Parameter waits: it is to be tried again from here; false if the writer still has it.
    private func writeToSpool(_ settlement: Settlement, waits: Bool = false) -> Bool {
        spool.withLock { box in
            guard box.spool?.append(SettlementCoding.encode(settlement)) == true else { return false }
            if waits { box.waiting.append(settlement) }
            return true
        }
    }

    /// What the writer has not committed in time is made durable in the spool; its commit, if it comes, finds it done.
    private func spoolOverdue() {
        let limit = settings.spoolAfterMilliseconds * 1_000_000
        let now = DispatchTime.now().uptimeNanoseconds
        let overdue = state.withLock { state in
            (state.inFlight + state.settlements).filter { !$0.isDone && now &- $0.queuedAt > limit }
        }
        for pending in overdue {
            logger.warning(
                "a settlement is overdue and goes to the spool",
                metadata: ["call": "\(pending.settlement.call.id)"]
            )
            if writeToSpool(pending.settlement) { pending.answer(.durable) }
        }
    }

    /// Brings what waits in the spool to the database; when all of it is there, the spool is emptied.
    private func retrySpooled() {
        let waiting = spool.withLock { $0.waiting }
        if waiting.isEmpty {
            // Records spooled for being late are in the database once nothing is in flight.
            if unsettled == 0 { _ = spool.withLock { $0.spool?.clear() } }
            return
        }
        do {
            for start in stride(from: 0, to: waiting.count, by: settings.batchCalls) {
                let slice = waiting[start..<min(waiting.count, start + settings.batchCalls)]
                try commit(
                    settlements: slice.map { Pending($0, completion: { _ in }) },
                    admissions: [],
                    readsRows: true
                )
            }
            spool.withLock { box in
                box.waiting.removeFirst(waiting.count)
                if box.waiting.isEmpty { _ = box.spool?.clear() }
            }
            logger.notice("spooled settlements reached the database", metadata: ["count": "\(waiting.count)"])
        } catch {
            logger.error(
                "spooled settlements still wait",
                metadata: ["count": "\(waiting.count)", "cause": "\(error)"]
            )
        }
    }

    private func checkpoint() {
        guard committedBatches.exchange(0, ordering: .relaxed) > 0 else { return }
        do {
            // Beside the writer; then a short gap in which the WAL can start over.
            let (frames, _) = try database.checkpointBeside()
            if frames > settings.checkpointPages { wantsGap.store(true, ordering: .releasing) }
        } catch StorageError.busy {
        } catch {
            logger.warning("a checkpoint failed", metadata: ["cause": "\(error)"])
        }
    }
}
