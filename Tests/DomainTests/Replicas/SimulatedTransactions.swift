@testable import Domain

/// The database's machine: its locks, its cores, its log, and what its clients hear of it.
extension ReplicaSimulation {
    mutating func begin(_ work: Work, on link: SimulatedProcess.Link, of process: Int) {
        processes[process].busy.insert(link)
        let id = nextTransaction
        nextTransaction += 1
        transactions[id] = Transaction(
            process: process,
            link: link,
            work: work,
            rows: rows(for: work, identity: processes[process].identity),
            sentAt: now
        )
        if processes[process].cutUntil > now {
            // Nothing was sent: there is no connection.
            transactions[id]?.phase = .over
            agenda.add(.told(id, .failed), at: now + 200_000)
        } else {
            agenda.add(.arrives(id), at: now + way())
        }
    }

    func rows(for work: Work, identity: Int) -> [RowLocks.Row] {
        var rows: Set<RowLocks.Row> = []
        func add(_ call: CallID, of user: UserID) {
            rows.insert(.call(call))
            for grant in books.grantIDs(of: user) { rows.insert(.grant(grant)) }
        }
        switch work {
        case .admit(let calls): for each in calls { add(each.request.call.id, of: each.request.call.userID) }
        case .settle(let calls): for each in calls { add(each.settlement.call.id, of: each.settlement.call.userID) }
        case .decide(let requests): for each in requests { add(each.call.id, of: each.call.userID) }
        case .beat: rows.insert(.replica(identity))
        case .bury(let identity, _):
            rows.insert(.replica(identity))
            for id in openCalls[identity] ?? [] { rows.insert(.call(id)) }
        case .resolve(let ids): for id in ids { if let row = books.rows[id] { add(id, of: row.call.userID) } }
        }
        return rows.sorted()
    }

    mutating func lockRows(_ id: Int) throws {
        guard var transaction = transactions[id], transaction.phase == .locking else { return }
        while transaction.step < transaction.rows.count {
            let row = transaction.rows[transaction.step]
            transaction.step += 1
            transactions[id] = transaction
            guard locks.acquire(row, by: id) else {
                agenda.add(.waitedTooLong(id, step: transaction.step), at: now + settings.lockTimeout)
                return
            }
        }
        transaction.phase = .deciding
        transactions[id] = transaction
        let read = work(settings.transactionWork)
        agenda.add(.rowsReachClient(id), at: read + way())
        agenda.add(.idleTooLong(id), at: read + settings.idleTimeout)
    }

    /// On the client: the rows that are locked are what the books have.
    mutating func decide(_ id: Int) throws {
        guard let transaction = transactions[id], !transaction.isTold else { return }
        if let until = processes[transaction.process].stallsInTransaction {
            processes[transaction.process].stallsInTransaction = nil
            processes[transaction.process].stalledUntil = until
            agenda.add(.rowsReachClient(id), at: until)
            return
        }
        guard transaction.phase == .deciding else {
            // The server has ended it meanwhile; the client learns of it as it writes.
            agenda.add(.told(id, .failed), at: now + 2 * way())
            return
        }
        let writes = try writes(of: transaction)
        transactions[id]?.writes = writes
        transactions[id]?.isCommitSent = true
        agenda.add(.commitArrives(id), at: now + way())
    }

    mutating func commitArrives(_ id: Int) {
        guard let transaction = transactions[id] else { return }
        guard transaction.phase == .deciding else {
            tell(id, .failed)
            return
        }
        transactions[id]?.phase = .committing
        let calls = max(1, transaction.writes.rows.count)
        let end = work(Int64(calls) * settings.callWork)
        guard settings.hasFaults, random.oneIn(300) else {
            agenda.add(.written(id), at: end)
            return
        }
        // The connection breaks over the commit: it comes to nothing, or it comes late, and the client knows neither.
        agenda.add(.told(id, .unknown), at: now + random.int(1_000...500_000))
        if random.oneIn(2) {
            count("commit lost")
            abort(id)
        } else {
            count("commit unacknowledged")
            agenda.add(.straggles(id), at: end + random.int(1_000...900_000))
        }
    }

    mutating func beginFlush() {
        flushing = toFlush
        toFlush = []
        var end = now + settings.flush + random.int(0...settings.flush)
        if logIsSlowUntil > now { end = logIsSlowUntil }
        if now < asksUntil { figures.flushes += 1 }
        agenda.add(.flushed, at: end)
    }

    mutating func commit(_ id: Int) throws {
        guard let transaction = transactions[id] else { return }
        let writes = transaction.writes
        try books.save(writes.balances, now: Instant(now))
        for row in writes.rows.values.sorted(by: { $0.call.id < $1.call.id }) { try write(row) }
        switch transaction.work {
        case .beat where !writes.isDead: counters[writes.identity, default: 0] += 1
        case .bury(let identity, _) where writes.isBurial:
            if dead.insert(identity).inserted { count("declared dead") }
        default: break
        }
        let known = counters
        transactions[id]?.writes.counters = known
        try books.checkTouched()
        commits += 1
        if commits == nextRecount {
            try books.checkAll()
            nextRecount *= 2
        }
        abort(id)
    }

    mutating func write(_ row: SimulatedRow) throws {
        let old = books.rows[row.call.id]
        books.write(row)
        for entry in row.entries[(old?.entries.count ?? 0)...] { books.book(entry) }
        let user = row.call.userID
        let wasHeld = old.map { $0.state == .open || $0.state == .uncertain } ?? false
        if row.state == .open || row.state == .uncertain {
            openCalls[row.replica, default: []].insert(row.call.id)
            if !wasHeld { holding[user, default: 0] += 1 }
        } else {
            openCalls[row.replica]?.remove(row.call.id)
            if wasHeld { holding[user, default: 0] -= 1 }
        }
        try claim(holding[user, default: 0] <= settings.callsFunded, "\(holding[user, default: 0]) calls hold money")
    }

    /// Ends a transaction on the server: what it has locked is free, and others go on.
    mutating func abort(_ id: Int) {
        for next in locks.release(id) { agenda.add(.arrives(next), at: now) }
        transactions[id]?.phase = .over
        if transactions[id]?.isTold == true { transactions[id] = nil }
    }

    /// The connections of a process break: the database ends what has not come to its commit once it notices.
    mutating func loseConnections(of process: Int) {
        for (id, transaction) in transactions.sorted(by: { $0.key < $1.key })
        where transaction.process == process && !transaction.isTold {
            agenda.add(.connectionIsGone(id), at: now + random.int(1_000...5_000_000))
            if processes[process].isAlive {
                agenda.add(.told(id, .cutOff), at: now + random.int(1_000...5_000_000))
            } else {
                transactions[id]?.isTold = true
                if transaction.phase == .over { transactions[id] = nil }
            }
        }
    }

    mutating func tell(_ id: Int, _ outcome: Outcome) {
        guard let process = transactions[id]?.process else { return }
        // Over a connection that is cut, nothing comes; the client has been told already.
        if processes[process].cutUntil > now { return }
        agenda.add(.told(id, outcome), at: now + way())
    }

    /// When the database's cores will have done so much more.
    mutating func work(_ microseconds: Int64) -> Int64 {
        let core = cores.indices.min { cores[$0] < cores[$1] } ?? 0
        cores[core] = max(now, cores[core]) + microseconds
        if now < asksUntil { figures.coreMicroseconds += microseconds }
        return cores[core]
    }

    mutating func way() -> Int64 { settings.oneWay + random.int(0...settings.oneWay / 2) }
}
