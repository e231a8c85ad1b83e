import Dispatch
package import Domain
import Glibc
package import Logging
import Synchronization

/// The journal: batches of settlements and admissions; completions only after the commit. On an embedded database one writer
/// takes settlements first, then admissions; on a server each has a writer with a connection of its own.
///
/// What the database does not take goes to the spool and is tried again from there, beside the writer.
package final class BatchJournal: Journal {
    let settings: JournalSettings
    let database: any LedgerDatabase
    /// Of settlements, and on an embedded database of admissions too.
    let writer: BatchWriter
    private let admitter: BatchWriter?
    let spool: SpoolKeeper
    let logger: Logger
    private let clock: @Sendable () -> Instant
    let onFatal: @Sendable (StorageError) -> Void
    let queue: Mutex<JournalQueue>
    private let pulse: (any Pulse)?
    private let wakes: [JournalQueue.Side: Permits]
    private let threads = DispatchGroup()
    private let poison = Mutex<Poison?>(nil)
    /// The embedded database, which needs checkpoints.
    let embedded: SQLiteDatabase?
    let wantsGap = Atomic(false)
    let committedBatches = Atomic<Int>(0)

    /// The last record that was set aside.
    private struct Poison {
        let kind: String
        let call: CallID
        let at: UInt64
    }

    /// Two records failing alike within this are our fault, not theirs.
    private static let poisonNanoseconds: UInt64 = 60_000_000_000

    /// - Parameters:
    ///   - newest: the newest booking there is; the ledger's time goes on from there.
    ///   - pulse: where other processes may take this one for dead: nothing is admitted while it is not seen to live.
    ///   - onFatal: called when a commit failed in a way that leaves its outcome unknown; it must not return to serving.
    ///     The default ends the process.
    init(
        database: any LedgerDatabase,
        replica: ReplicaID,
        pulse: (any Pulse)? = nil,
        spoolPath: String,
        firstLeaf: Int64 = 0,
        newest: Instant = Instant(microseconds: 0),
        settings: JournalSettings,
        logger: Logger,
        clock: @escaping @Sendable () -> Instant,
        onFatal: (@Sendable (StorageError) -> Void)? = nil
    ) throws {
        self.settings = settings
        self.database = database
        self.pulse = pulse
        embedded = database as? SQLiteDatabase
        self.logger = logger
        self.clock = clock
        self.onFatal =
            onFatal ?? { error in
                logger.critical("a commit failed; its outcome is unknown", metadata: ["cause": "\(error)"])
                _exit(70)
            }
        spool = try SpoolKeeper(path: spoolPath)
        queue = Mutex(JournalQueue(settings))
        var memory = LedgerBatch.Memory(replica: replica)
        memory.keepsRawUsage = settings.keepsRawUsage
        memory.nextLeaf = firstLeaf
        let openCalls = OpenCalls()
        let writers = [LedgerLane.settlements, .admissions].map { lane in
            BatchWriter(
                database: database,
                lane: lane,
                openCalls: openCalls,
                memory: memory,
                newest: newest,
                batchMicroseconds: settings.batchMicroseconds,
                clock: clock
            )
        }
        writer = writers[0]
        admitter = database.dialect == .sqlite ? nil : writers[1]
        let sides: [JournalQueue.Side] = admitter == nil ? [.both] : [.settlements, .admissions]
        wakes = Dictionary(uniqueKeysWithValues: sides.map { ($0, Permits(0)) })
    }

    /// Starts the writers, the watch over what is late, and the upkeep; call once.
    package func start() {
        for side in wakes.keys {
            run("tokenaudit.journal.\(side)") { [self] in
                while runBatch(side) {}
            }
        }
        run("tokenaudit.journal.watch") { [self] in
            while !queue.withLock(\.isStopped) {
                usleep(50_000)
                spoolOverdue()
                refuseOverdue()
            }
        }
        run("tokenaudit.journal.upkeep") { [self] in
            var round = 0
            var quietRounds = 20
            while !queue.withLock(\.isStopped) {
                usleep(50_000)
                round += 1
                // What fails alike is not tried all the time.
                if round % (queue.withLock(\.isHalted) ? 100 : 2) == 0 { retrySpooled() }
                checkpoint(quietRounds: &quietRounds)
            }
        }
    }

    private func run(_ name: String, _ body: @escaping @Sendable () -> Void) {
        DispatchQueue(label: name).async(group: threads, execute: DispatchWorkItem(block: body))
    }

    /// Takes no admissions any more, commits what waits, and ends its threads. What the database does not take by then
    /// stays in the spool for the next start.
    package func stop() async {
        queue.withLock { $0.stop() }
        for wake in wakes.values { wake.give() }
        await withCheckedContinuation { continuation in
            threads.notify(queue: .global()) { continuation.resume() }
        }
        retrySpooled()
        spool.close()
    }

    package var isReady: Bool { queue.withLock(\.isReady) && isAlive }

    /// Nobody can have taken this process for dead.
    private var isAlive: Bool { pulse?.isFresh ?? true }

    /// Settlements waiting for the writer or in its hands.
    package var unsettled: Int { queue.withLock(\.unsettled) }

    /// Settlements that are in the spool only, or in neither; after ``stop()`` those that the next start has to book.
    package var spooled: Int { spool.waiting.count }

    /// Its queues and its spool at this moment.
    var health: JournalHealth {
        var health = JournalHealth()
        queue.withLock { queue in
            health.isReady = queue.isReady
            health.isAway = queue.isAway
            health.isHalted = queue.isHalted
            health.waitingAdmissions = queue.waitingAdmissions
            health.waitingSettlements = queue.unsettled
            health.runningCalls = queue.promised
        }
        health.isReady = health.isReady && isAlive
        health.spooled = spooled
        health.spoolRecords = spool.usedRecords
        health.spoolCapacity = settings.runningCalls
        return health
    }

    // MARK: - Asking

    package func admit(_ request: AdmissionRequest, completion: @escaping @Sendable (Admission) -> Void) {
        guard isAlive else { return completion(.unavailable) }
        let now = DispatchTime.now().uptimeNanoseconds
        let pending = PendingAdmission(request, queuedAt: now, completion: completion)
        let spooled = spool.usedRecords
        let (offer, sleeper) = queue.withLock { queue in
            let offer = queue.offer(pending, spooled: spooled, now: now)
            return (offer, offer == .queued ? queue.takeWake(for: .admissions) : nil)
        }
        if case .answered(let answer) = offer { return completion(answer) }
        if let sleeper { wakes[sleeper]?.give() }
    }

    package func settle(_ settlement: Settlement, completion: @escaping @Sendable (SettleOutcome) -> Void) {
        let pending = PendingSettlement(
            settlement,
            queuedAt: DispatchTime.now().uptimeNanoseconds,
            completion: completion
        )
        let (isTaken, sleeper) = queue.withLock { queue in
            let isTaken = queue.offer(pending)
            return (isTaken, isTaken ? queue.takeWake(for: .settlements) : nil)
        }
        if !isTaken { return pending.answer(spool.keep(givenUp: [settlement]) ? .durable : .lost) }
        if let sleeper { wakes[sleeper]?.give() }
    }

    // MARK: - Writing

    /// - Returns: false when stopping and nothing is left to do.
    private func runBatch(_ side: JournalQueue.Side) -> Bool {
        if side == .both, wantsGap.exchange(false, ordering: .acquiringAndReleasing) { _ = try? embedded?.checkpoint() }
        let taken = queue.withLock { $0.take(side, now: DispatchTime.now().uptimeNanoseconds) }
        if taken.isOver {
            // The writer of settlements may have waited for this one.
            for wake in wakes.values { wake.give() }
            return false
        }
        for pending in taken.refused { pending.completion(.unavailable) }
        if !taken.late.isEmpty {
            logger.warning("rows stay locked; their calls are given up", metadata: ["count": "\(taken.late.count)"])
            giveUp(taken.late[...])
        }
        guard !taken.work.isEmpty else {
            let pause = taken.skipsLocked ? 50 : 500
            if taken.refused.isEmpty { _ = wakes[side]?.take(withinMilliseconds: pause) }
            return true
        }
        write(taken.work[...], of: side, trustsMemory: true, skipsLocked: taken.skipsLocked)
        if side != .admissions { queue.withLock { $0.disposed() } }
        let linger = settings.linger(after: taken.work.count, isEmbedded: embedded != nil)
        if linger > 0 { usleep(linger) }
        return true
    }

    /// Commits the work, in as many transactions as it takes; a batch that fails on a record is halved until the record
    /// stands alone.
    private func write(
        _ work: ArraySlice<JournalWork>,
        of side: JournalQueue.Side,
        trustsMemory: Bool,
        skipsLocked: Bool
    ) {
        let writer = side == .admissions ? admitter ?? writer : writer
        var rest = work
        var trustsMemory = trustsMemory
        var hasFailedAlone = false
        while !rest.isEmpty {
            if queue.withLock({ $0.isAway || $0.isHalted }) { return giveUp(rest) }
            do {
                let committed = try writer.commit(rest, trustsMemory: trustsMemory, skipsLocked: skipsLocked)
                finish(committed)
                setApart(committed.heldUp, of: side, isNews: !skipsLocked)
                rest = rest.dropFirst(committed.count)
                hasFailedAlone = false
            } catch BatchWriter.Failure.record(let fault) {
                trustsMemory = false
                if rest.count > 1 {
                    logger.warning("a batch failed and is halved", metadata: ["cause": "\(fault.cause)"])
                    let middle = rest.startIndex + rest.count / 2
                    write(rest[..<middle], of: side, trustsMemory: false, skipsLocked: skipsLocked)
                    rest = rest[middle...]
                } else if hasFailedAlone {
                    // Twice alone: it was not the weather.
                    return setAside(rest, fault: fault)
                } else {
                    hasFailedAlone = true
                }
            } catch BatchWriter.Failure.unknown(let error, let held) {
                return leaveUnknown(rest, error, held: held)
            } catch {
                goAway(error)
                return giveUp(rest)
            }
        }
    }

    private func setApart(_ work: [JournalWork], of side: JournalQueue.Side, isNews: Bool) {
        guard !work.isEmpty else { return }
        if isNews {
            logger.warning("others have rows locked; their calls wait apart", metadata: ["count": "\(work.count)"])
        }
        queue.withLock { $0.setApart(work, of: side, now: DispatchTime.now().uptimeNanoseconds) }
    }

    private func goAway(_ cause: any Error) {
        if queue.withLock({ $0.goAway() }) {
            logger.critical("the database takes nothing", metadata: ["cause": "\(cause)"])
        }
    }

    /// A commit of which nobody knows whether it happened. An embedded database may be damaged: the process must not go on. On
    /// a server it is looked up: settlements are booked again from the spool, which finds what is booked already; calls that
    /// may be held for are given back in the same way, and nobody goes on with them.
    func leaveUnknown(
        _ work: ArraySlice<JournalWork>,
        _ error: StorageError,
        held: [(call: CallIntent, hold: Hold)]
    ) {
        guard embedded == nil else {
            onFatal(error)
            return giveUp(work)
        }
        goAway(error)
        let isKept = held.isEmpty || spool.keep(givenUp: held.map { voiding($0.call, hold: $0.hold) })
        if !isKept {
            logger.critical(
                "neither database nor spool takes what gives holds back",
                metadata: ["count": "\(held.count)"]
            )
        }
        giveUp(work)
    }

    func finish(_ committed: BatchWriter.Committed) {
        let work = committed.done
        committedBatches.add(1, ordering: .relaxed)
        if committed.answers.contains(where: { $0 == nil }) { Failpoint.hit("journal.after-settle-commit") }
        if committed.answers.contains(where: { $0 != nil }) { Failpoint.hit("journal.after-admit-commit") }
        for (call, closing) in committed.remarkable { logger.report(closing, of: call) }
        let now = DispatchTime.now().uptimeNanoseconds
        for case .settle(let pending) in work { pending.markCommitted() }
        spool.committed(work)
        queue.withLock { $0.committed(work, answers: committed.answers, freed: committed.freed, now: now) }
        for (item, answer) in zip(work, committed.answers) {
            switch item {
            case .settle(let pending): pending.answer(.durable)
            case .admit(let pending):
                let answer = answer ?? .unavailable
                let isLate = now &- pending.queuedAt > settings.admitMilliseconds * 1_000_000 || !isAlive
                if case .held(let hold) = answer, isLate {
                    void(pending.request.call, hold: hold)
                    pending.completion(.unavailable)
                } else {
                    pending.completion(answer)
                }
            }
        }
    }

    /// Gives a hold back that came too late to be used.
    private func void(_ call: CallIntent, hold: Hold) { settle(voiding(call, hold: hold)) { _ in } }

    private func voiding(_ call: CallIntent, hold: Hold) -> Settlement {
        let endedAt = clock()
        return Settlement(
            call: call,
            hold: hold,
            result: CallResult(
                outcome: .voided,
                usage: Usage(),
                charge: .zero,
                cost: .zero,
                flags: [],
                statusCode: 503,
                endedAt: endedAt,
                durationMilliseconds: max(0, endedAt.microseconds - call.startedAt.microseconds) / 1_000,
                firstByteMilliseconds: nil,
                rawUsage: nil
            )
        )
    }

    // MARK: - Failing

    /// Nobody's fault in here: settlements go to the spool and wait there, admissions are answered 503.
    private func giveUp(_ work: ArraySlice<JournalWork>) {
        var settlements: [Settlement] = []
        for case .settle(let pending) in work { settlements.append(pending.settlement) }
        let isDurable = settlements.isEmpty || spool.keep(givenUp: settlements)
        if !isDurable {
            logger.critical(
                "neither database nor spool takes settlements",
                metadata: ["count": "\(settlements.count)"]
            )
        }
        for item in work {
            switch item {
            case .settle(let pending): pending.answer(isDurable ? .durable : .lost)
            case .admit(let pending):
                queue.withLock { $0.release(1) }
                pending.completion(.unavailable)
            }
        }
    }

    /// A record that failed alone, twice. Admissions are refused; a settlement is quarantined, unless another one failed
    /// alike a short while ago: then it is our fault, and nothing is admitted until that is over.
    func setAside(_ work: ArraySlice<JournalWork>, fault: BatchWriter.Fault) {
        guard case .settle(let pending)? = work.first else {
            logger.error("an admission failed", metadata: ["cause": "\(fault.cause)"])
            return giveUp(work)
        }
        let call = pending.settlement.call.id
        let now = DispatchTime.now().uptimeNanoseconds
        let isOurs = poison.withLock { poison in
            if let known = poison, known.kind == fault.kind, known.call != call,
                now &- known.at < Self.poisonNanoseconds
            {
                // It goes on: the time counts from the last of them.
                poison = Poison(kind: known.kind, call: known.call, at: now)
                return true
            }
            poison = Poison(kind: fault.kind, call: call, at: now)
            return !fault.isOfData
        }
        if isOurs {
            logger.critical(
                "settlements fail alike; nothing is admitted until they are booked",
                metadata: ["request_id": "\(call)", "cause": "\(fault.cause)"]
            )
            queue.withLock { $0.halt() }
            return giveUp(work)
        }
        do {
            let wasOpen = try writer.quarantine(pending.settlement, cause: fault.cause)
            logger.critical(
                "a settlement was quarantined",
                metadata: ["request_id": "\(call)", "cause": "\(fault.cause)"]
            )
            pending.markCommitted()
            spool.committed(work)
            queue.withLock { $0.release(wasOpen ? 1 : 0) }
            pending.answer(.durable)
        } catch BatchWriter.Failure.unknown(let error, _) {
            leaveUnknown(work, error, held: [])
        } catch {
            giveUp(work)
        }
    }
}

extension Logger {
    /// Money that was not where it should have been when a call ended.
    func report(_ closing: Closing, of call: CallID) {
        let metadata: Metadata = [
            "request_id": "\(call)", "charge": "\(closing.charge)", "excess": "\(closing.excess)",
        ]
        // A hold whose commit may have been lost is given back whether it was there or not.
        if closing.action == .insert, closing.state != .voided {
            error("a bill came whose call is not in the books", metadata: metadata)
        }
        if !closing.isFundedInFull { error("a bill found too little money", metadata: metadata) }
    }
}
