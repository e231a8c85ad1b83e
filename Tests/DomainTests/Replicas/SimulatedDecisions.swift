@testable import Domain

/// What a transaction comes to, by the ledger's own rules.
extension ReplicaSimulation {
    mutating func writes(of transaction: Transaction) throws -> Writes {
        var writes = Writes()
        let time = Instant(now)
        writes.identity = processes[transaction.process].identity
        switch transaction.work {
        case .admit(let calls):
            for each in calls { try books.lock(each.request.call.userID, into: &writes.balances) }
            for each in calls {
                let call = each.request.call
                try claim(books.rows[call.id] == nil, "\(call.id) is admitted twice")
                let admission = writes.balances.admit(each.request, now: time)
                writes.admissions.append(admission)
                guard case .held(let hold) = admission else { continue }
                writes.rows[call.id] = SimulatedRow(
                    call: call,
                    hold: hold,
                    parts: hold.parts,
                    state: .open,
                    replica: writes.identity
                )
            }
        case .settle(let calls):
            for each in calls {
                let id = each.settlement.call.id
                try books.lock(each.settlement.call.userID, into: &writes.balances)
                guard var row = writes.rows[id] ?? books.rows[id] else {
                    throw BrokenBooks(description: "\(id) ran without a hold")
                }
                let closing = try writes.balances.close(each.settlement, row: row.locked, now: time)
                if closing.action == .correct { count("corrected") }
                if closing.action == .none { count("closed before") }
                try row.take(closing)
                writes.rows[id] = row
                writes.isFunded[id] = closing.isFundedInFull
            }
        case .decide(let requests): for each in requests { try void(each, in: &writes, time) }
        case .beat: writes.isDead = dead.contains(writes.identity)
        case .bury(let identity, let counter):
            // Whoever has beaten meanwhile lives.
            guard counters[identity, default: 0] == counter else { break }
            writes.isBurial = true
            for case .call(let id) in transaction.rows {
                guard var row = books.rows[id], row.state == .open else { continue }
                row.state = .uncertain
                writes.rows[id] = row
            }
        case .resolve(let ids):
            for id in ids {
                guard var row = books.rows[id] else { continue }
                try books.lock(row.call.userID, into: &writes.balances)
                let policy: UncertainPolicy = settings.costsItsHold ? .chargeHold : .chargeInput
                let closing = try writes.balances.resolve(row.locked, by: policy, now: time)
                guard closing.action != .none else { continue }
                count("resolved")
                try row.take(closing)
                writes.rows[id] = row
            }
        }
        return writes
    }

    /// The same id goes in as a voided row without parts; a row that is there is voided instead.
    mutating func void(_ request: AdmissionRequest, in writes: inout Writes, _ time: Instant) throws {
        let id = request.call.id
        guard var row = books.rows[id] else {
            let nothing = Hold(
                groupID: ModelGroupID(1),
                multiplier: .one,
                amount: .zero,
                outputLimit: 0,
                isClamped: false,
                parts: []
            )
            var row = SimulatedRow(
                call: request.call,
                hold: nothing,
                parts: [],
                state: .voided,
                replica: writes.identity
            )
            row.closings = 1
            writes.rows[id] = row
            return
        }
        try books.lock(row.call.userID, into: &writes.balances)
        let closing = try writes.balances.void(row.locked, now: time)
        try row.take(closing)
        try claim(closing.charge == .zero, "\(id) was answered 503 and charged")
        writes.rows[id] = row
        count("voided unknown")
    }
}
