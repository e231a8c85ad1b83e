import Dispatch
import Domain
import Logging
import Synchronization

/// What goes on beside the writer: late settlements, what waits in the spool, checkpoints.
extension BatchJournal {
    /// What the writer has not committed in time is made durable in the spool; its commit, if it comes, finds it done.
    func spoolOverdue() {
        let overdue = queue.withLock { $0.overdue(now: DispatchTime.now().uptimeNanoseconds) }
        guard !overdue.isEmpty else { return }
        logger.warning("settlements are late and go to the spool", metadata: ["count": "\(overdue.count)"])
        for pending in overdue where spool.keep(late: pending) { pending.answer(.durable) }
    }

    /// What the writer has not taken in time is refused: the database answers nobody.
    func refuseOverdue() {
        for pending in queue.withLock({ $0.expired(now: DispatchTime.now().uptimeNanoseconds) }) {
            pending.completion(.unavailable)
        }
    }

    /// Brings what waits in the spool to the database, and finds out whether the database is back.
    func retrySpooled() {
        let (isAway, isHalted) = queue.withLock { ($0.isAway, $0.isHalted) }
        let waiting = spool.waiting
        guard isAway || isHalted || !waiting.isEmpty else { return }
        spool.persist()
        do {
            try writer.beat()
            var work = waiting.map { JournalWork.settle(PendingSettlement($0)) }[...]
            while !work.isEmpty {
                // What still fails stays where it is.
                let failed = try retry(work.prefix(settings.batchCalls))
                if failed > 0, !isHalted { break }
                work = work.dropFirst(settings.batchCalls)
            }
            let isEmpty = spool.waiting.isEmpty
            queue.withLock { queue in
                queue.comeBack()
                if isEmpty { queue.resume() }
            }
            if isEmpty {
                logger.notice("the database takes commits again", metadata: ["settlements": "\(waiting.count)"])
            }
        } catch BatchWriter.Failure.unknown(let error, _) {
            // What was being booked waits in the spool still.
            leaveUnknown([], error, held: [])
        } catch {
            // Told when it began; this is tried ten times a second.
            logger.debug(
                "the database still takes nothing",
                metadata: ["settlements": "\(waiting.count)", "cause": "\(error)"]
            )
        }
    }

    /// - Returns: how many failed for what they are; they have been set aside, or still wait.
    private func retry(_ work: ArraySlice<JournalWork>) throws -> Int {
        var rest = work
        var failed = 0
        var hasFailedAlone = false
        while !rest.isEmpty {
            do {
                // What others have locked stays where it is too.
                let committed = try writer.commit(rest, trustsMemory: false, skipsLocked: true)
                finish(committed)
                rest = rest.dropFirst(committed.count)
                hasFailedAlone = false
            } catch BatchWriter.Failure.record(let fault) {
                guard rest.count > 1 else {
                    guard hasFailedAlone else {
                        hasFailedAlone = true
                        continue
                    }
                    setAside(rest, fault: fault)
                    return failed + 1
                }
                let middle = rest.startIndex + rest.count / 2
                failed += try retry(rest[..<middle])
                rest = rest[middle...]
            }
        }
        return failed
    }

    /// Beside the writer where the WAL has grown, or has rested for a second; then a short gap of the writer's in which it
    /// can start over.
    func checkpoint(quietRounds: inout Int) {
        guard let database = embedded else { return }
        let commits = committedBatches.exchange(0, ordering: .relaxed)
        quietRounds = commits == 0 ? quietRounds + 1 : 0
        let isLarge = database.walPages > settings.checkpointPages && commits > 0
        guard isLarge || quietRounds == 20 else { return }
        do {
            _ = try database.checkpointBeside()
            if isLarge { wantsGap.store(true, ordering: .releasing) }
        } catch StorageError.busy {
        } catch {
            logger.warning("a checkpoint failed", metadata: ["cause": "\(error)"])
        }
    }
}
