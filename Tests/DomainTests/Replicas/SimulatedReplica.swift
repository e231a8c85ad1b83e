@testable import Domain

/// A replica: what it does with clients, upstreams, its spool, its beats and the dead.
extension ReplicaSimulation {
    mutating func start(_ machine: Int) {
        var process = SimulatedProcess(machine: machine, identity: nextIdentity)
        nextIdentity += 1
        // The spool's lock is free, so its process is dead: what is in it comes first.
        for (id, settlement) in machines[machine].spool.sorted(by: { $0.key < $1.key }) {
            process.unsettled[id] = UnsettledCall(settlement: settlement, client: nil, since: now, isSpooled: true)
            process.settleQueue.append(id)
            count("replayed")
        }
        process.undecided = machines[machine].undecided
        process.forebears = machines[machine].identities
        machines[machine].identities.append(process.identity)
        machines[machine].process = processes.count
        processes.append(process)
        agenda.add(.beat(process: processes.count - 1), at: now)
        agenda.add(.pump(process: processes.count - 1), at: now)
    }

    /// A beat that is young enough, by the process's own clock, that nobody can have declared it dead.
    func hasBeaten(_ process: Int) -> Bool {
        processes[process].beatSentAt.map { now - $0 < settings.uncertainAfter / 2 } ?? false
    }

    mutating func ask(_ client: Int) {
        guard now < asksUntil, asked < settings.asks ?? .max else { return }
        let up = machines.indices.filter { machines[$0].process.map { hasBeaten($0) } ?? false }
        guard !up.isEmpty, let process = machines[random.pick(up)].process,
            processes[process].waiting.count < settings.longestQueue
        else {
            count("503")
            agenda.add(.ask(client: client), at: now + 100_000)
            return
        }
        asked += 1
        let request = AdmissionRequest(
            call: intent(nextCall, user: random.int(1...settings.users), key: 1, estimate: 100, at: now),
            candidates: [candidate(fixed: Self.hold)],
            hasSpendingLimit: false
        )
        nextCall += 1
        processes[process].waiting.append(WaitingCall(request: request, client: client, since: now))
        pump(process)
    }

    func isFree(_ link: SimulatedProcess.Link, of process: Int) -> Bool {
        !processes[process].busy.contains(link)
    }

    mutating func pump(_ process: Int) {
        guard processes[process].stalledUntil <= now else { return }
        if isFree(.settles, of: process) {
            if !processes[process].undecided.isEmpty {
                begin(
                    .decide(Array(processes[process].undecided.prefix(settings.largestBatch))),
                    on: .settles,
                    of: process
                )
            } else if !processes[process].settleQueue.isEmpty {
                let ids = processes[process].settleQueue.prefix(settings.largestBatch)
                let calls = ids.compactMap { processes[process].unsettled[$0] }
                processes[process].settleQueue.removeFirst(ids.count)
                if !calls.isEmpty { begin(.settle(calls), on: .settles, of: process) }
            }
        }
        if isFree(.burials, of: process) { lookAfterTheDead(process) }
        guard isFree(.admits, of: process), hasBeaten(process), !processes[process].waiting.isEmpty else { return }
        let tooOld = now - settings.admitDeadline
        for each in processes[process].waiting where each.since <= tooOld { answered(each.client, "503") }
        processes[process].waiting.removeAll { $0.since <= tooOld }
        let batch = Array(processes[process].waiting.prefix(settings.largestBatch))
        guard !batch.isEmpty else { return }
        processes[process].waiting.removeFirst(batch.count)
        begin(.admit(batch), on: .admits, of: process)
    }

    /// Of this machine's earlier processes once their spool is empty; then of whoever has been declared dead.
    mutating func lookAfterTheDead(_ process: Int) {
        if !processes[process].forebears.isEmpty, processes[process].undecided.isEmpty,
            processes[process].unsettled.values.allSatisfy({ !$0.isSpooled }),
            let forebear = processes[process].forebears.popLast()
        {
            let counter = counters[forebear, default: 0]
            begin(.bury(identity: forebear, counter: counter), on: .burials, of: process)
            return
        }
        let left = dead.filter { openCalls[$0]?.isEmpty == false }.min()
        guard let left, let ids = openCalls[left]?.sorted() else { return }
        begin(.resolve(Array(ids.prefix(settings.largestBatch))), on: .burials, of: process)
    }

    mutating func answered(_ client: Int?, _ how: String) {
        count(how)
        if let client { agenda.add(.ask(client: client), at: now + random.int(settings.pause)) }
    }

    mutating func told(_ id: Int, _ outcome: Outcome) throws {
        guard let transaction = transactions[id], !transaction.isTold else { return }
        var outcome = outcome
        if case .cutOff = outcome { outcome = transaction.isCommitSent ? .unknown : .failed }
        transactions[id]?.isTold = true
        if transaction.phase == .over { transactions[id] = nil }
        let process = transaction.process
        processes[process].busy.remove(transaction.link)
        switch transaction.work {
        case .admit(let calls): try admitted(calls, transaction, outcome)
        case .settle(let calls):
            figures.settleBatches += 1
            switch outcome {
            case .committed: for each in calls { settled(process, each, transaction.writes) }
            // The row says whether it was: asking again is safe.
            case .failed, .unknown, .cutOff:
                processes[process].settleQueue.insert(contentsOf: calls.map(\.settlement.call.id), at: 0)
            }
        case .decide(let requests):
            guard case .committed = outcome else { break }
            let ids = Set(requests.map(\.call.id))
            processes[process].undecided.removeAll { ids.contains($0.call.id) }
            machines[processes[process].machine].undecided.removeAll { ids.contains($0.call.id) }
        case .beat: beaten(process, transaction, outcome)
        case .bury(let identity, _):
            // Whoever beat once more as it died, or a burial that failed: again.
            if !dead.contains(identity), machines[processes[process].machine].identities.contains(identity) {
                processes[process].forebears.append(identity)
            }
        case .resolve: break
        }
        if case .committed = outcome {
            pump(process)
        } else {
            agenda.add(.pump(process: process), at: now + random.int(10_000...50_000))
        }
    }

    mutating func admitted(_ calls: [WaitingCall], _ transaction: Transaction, _ outcome: Outcome) throws {
        let process = transaction.process
        switch outcome {
        case .failed: processes[process].waiting.insert(contentsOf: calls, at: 0)
        case .unknown, .cutOff:
            // The intention is on disk before the 503.
            processes[process].undecided += calls.map(\.request)
            machines[processes[process].machine].undecided += calls.map(\.request)
            for each in calls { answered(each.client, "503") }
        case .committed:
            figures.admitBatches += 1
            figures.admitted += calls.count
            for (each, admission) in zip(calls, transaction.writes.admissions) {
                guard case .held(let hold) = admission else {
                    answered(each.client, "\(admission)")
                    continue
                }
                figures.admitWaits.append(now - each.since)
                guard now - each.since < settings.admitDeadline, hasBeaten(process),
                    transaction.writes.identity == processes[process].identity
                else {
                    count("not dispatched")
                    end(process, each.request, hold, voided: true, client: each.client)
                    continue
                }
                let id = each.request.call.id
                try claim(
                    books.rows[id]?.state == .open,
                    "\(id) is dispatched as \(String(describing: books.rows[id]?.state))"
                )
                processes[process].running[id] = (each.request, hold, each.client)
                agenda.add(.upstreamEnds(process: process, id), at: now + random.int(settings.upstream))
            }
        }
    }

    mutating func upstreamEnds(_ process: Int, _ id: CallID) {
        guard let (request, hold, client) = processes[process].running.removeValue(forKey: id) else { return }
        end(process, request, hold, voided: !settings.costsItsHold && random.oneIn(12), client: client)
        pump(process)
    }

    mutating func end(_ process: Int, _ request: AdmissionRequest, _ hold: Hold, voided: Bool, client: Int) {
        // One in twenty upstreams reports more than can be.
        let charge =
            settings.costsItsHold
            ? Self.hold : random.oneIn(20) ? Self.hold + random.int(1...500) : random.int(0...Self.hold)
        let id = request.call.id
        let settlement = Settlement(
            call: request.call,
            hold: hold,
            result: CallResult(
                outcome: voided ? .voided : .captured,
                usage: Usage(),
                charge: voided ? .zero : Money(charge),
                cost: .zero,
                flags: [],
                statusCode: voided ? 502 : 200,
                endedAt: Instant(now),
                durationMilliseconds: 1,
                firstByteMilliseconds: nil,
                rawUsage: nil
            )
        )
        processes[process].unsettled[id] = UnsettledCall(settlement: settlement, client: client, since: now)
        processes[process].settleQueue.append(id)
        agenda.add(.isLate(process: process, id), at: now + settings.spoolAfter)
    }

    /// The answer ends: its bill is in the database, or on this machine's disk.
    mutating func answerEnds(_ unsettled: UnsettledCall) {
        let call = unsettled.settlement.call
        ended[call.id] = unsettled.settlement.result.charge.picoDollars
        if now < asksUntil { figures.ended += 1 }
        figures.settleWaits.append(now - unsettled.since)
        answered(
            unsettled.client,
            unsettled.settlement.result.outcome == .captured ? "answered" : "ended without a charge"
        )
    }

    mutating func settled(_ process: Int, _ call: UnsettledCall, _ writes: Writes) {
        let id = call.settlement.call.id
        guard let unsettled = processes[process].unsettled.removeValue(forKey: id) else { return }
        machines[processes[process].machine].spool[id] = nil
        guard !unsettled.isSpooled else { return }
        if writes.isFunded[id] == true {
            answerEnds(unsettled)
        } else {
            answered(unsettled.client, "ended as an error")
        }
    }

    mutating func spool(_ process: Int, _ id: CallID) {
        guard let unsettled = processes[process].unsettled[id], !unsettled.isSpooled else { return }
        count("spooled")
        processes[process].unsettled[id]?.isSpooled = true
        machines[processes[process].machine].spool[id] = unsettled.settlement
        answerEnds(unsettled)
    }

    mutating func beaten(_ process: Int, _ transaction: Transaction, _ outcome: Outcome) {
        let writes = transaction.writes
        guard case .committed = outcome else {
            agenda.add(.beat(process: process), at: now + settings.beatPause)
            return
        }
        if writes.isDead {
            // Its calls are uncertain; it can still settle them. It admits nothing before it has beaten anew.
            count("came back from the dead")
            processes[process].identity = nextIdentity
            machines[processes[process].machine].identities.append(nextIdentity)
            nextIdentity += 1
            processes[process].beatSentAt = nil
            agenda.add(.beat(process: process), at: now)
            return
        }
        // Who was away has seen nobody's silence.
        if now - processes[process].beatKnownAt > settings.longestGap { processes[process].seen = [:] }
        processes[process].beatKnownAt = now
        processes[process].beatSentAt = transaction.sentAt
        agenda.add(.beat(process: process), at: now + settings.beatPause)
        for (other, counter) in writes.counters.sorted(by: { $0.key < $1.key })
        where other != processes[process].identity && !dead.contains(other) {
            guard let seen = processes[process].seen[other], seen.counter == counter else {
                processes[process].seen[other] = (counter, now)
                continue
            }
            if now - seen.since >= settings.uncertainAfter, isFree(.burials, of: process) {
                begin(.bury(identity: other, counter: counter), on: .burials, of: process)
            }
        }
    }
}
