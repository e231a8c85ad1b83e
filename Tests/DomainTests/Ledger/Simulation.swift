@testable import Domain

/// Replicas that admit, serve, settle, crash and come back over one database, and administrators who edit quotas
/// meanwhile. What comes of each step is foretold by plain code of its own; books are checked after every step.
struct Simulation {
    private struct Running {
        let call: CallIntent
        let hold: Hold
    }

    private struct Replica {
        /// Admitted and acknowledged, still running.
        var running: [Running] = []
        /// On disk: settlements not acknowledged, and admissions of unknown outcome.
        var spool: [Settlement] = []
        var unknown: [AdmissionRequest] = []
    }

    /// How often what happened: a simulation in which a case never comes proves nothing about it.
    private(set) var tally: [String: Int] = [:]
    private(set) var books = SimulatedBooks()
    private var random: SeededRandom
    private var now = Instant(1_000)
    private var replicas = [Replica](repeating: Replica(), count: 4)
    /// Spools of machines that are away: they come back after policies have decided.
    private var awaySpools: [Replica] = []
    private var uncertain: [CallID] = []
    private var closed: [CallID] = []
    private var applied: [Settlement] = []
    private var nextGrant: Int64 = 1
    private var nextCall: UInt64 = 1
    private let users: Int64 = 5
    private let groups: Int64 = 3

    init(seed: UInt64) throws {
        random = SeededRandom(seed: seed)
        for user in 1...users {
            for group in 1...groups where !random.oneIn(4) {
                for _ in 0..<random.int(1...3) { addQuota(user: user, group: group) }
            }
            // Of a user's three keys two have a limit of their own.
            for key in 0..<2 {
                let limit = Balance(funded: Money(random.int(100...4_000)))
                books.insert(KeyLimit(keyID: APIKeyID(user * 3 + Int64(key)), balance: limit))
            }
        }
    }

    mutating func run(steps: Int) throws {
        for step in 1...steps {
            do {
                try self.step()
                try books.checkTouched()
                if step % 1_000 == 0 { try books.checkAll() }
            } catch {
                throw BrokenBooks(description: "step \(step): \(error)")
            }
        }
        try finish()
    }

    private mutating func step() throws {
        now = Instant(now.microseconds + random.int(0...3))
        switch random.int(1...100) {
        case ...38: try admit()
        case ...70: try settle()
        case ...75: try replay()
        case ...78: crash()
        case ...83: try resolve()
        case ...85: try repeatOld()
        case ...87: try refund()
        default: try edit()
        }
    }

    private mutating func count(_ name: String) { tally[name, default: 0] += 1 }

    // MARK: - Calls

    private mutating func admit() throws {
        let replica = Int(random.int(0...3))
        let requests = (0..<random.int(1...4)).map { _ in makeRequest() }
        var balances = Balances()
        for request in requests {
            try books.lock(request.call.userID, into: &balances)
            if request.hasSpendingLimit { try books.lock(request.call.keyID, into: &balances) }
        }
        var held: [(AdmissionRequest, Hold)] = []
        for request in requests {
            let foretold = Foretold(request, in: balances, grants: books.grants(of: request.call.userID), now: now)
            let admission = balances.admit(request, now: now)
            try foretold.check(admission, request)
            switch admission {
            case .held(let hold):
                held.append((request, hold))
                count(hold.isClamped ? "clamped" : "held")
                if hold.parts.count > 2 { count("spans grants") }
            case .refused(let refusal): count("\(refusal)")
            case .unavailable: throw BrokenBooks(description: "the ledger is never unavailable")
            }
        }
        switch random.int(1...40) {
        case 1:
            // The commit failed and the replica does not know: it will void what is not there.
            replicas[replica].unknown += requests
            count("commit lost")
            return
        case 2:
            // Acknowledged by a primary whose last commits did not survive it: these calls run without a row.
            replicas[replica].running += held.map { Running(call: $0.0.call, hold: $0.1) }
            count("rows lost")
            return
        case 3:
            // Committed, and the acknowledgement lost: 503, to be voided.
            replicas[replica].unknown += requests
            count("admission unacknowledged")
        default:
            replicas[replica].running += held.map { Running(call: $0.0.call, hold: $0.1) }
        }
        try books.save(balances, now: now)
        for (request, hold) in held {
            books.write(
                SimulatedRow(call: request.call, hold: hold, parts: hold.parts, state: .open, replica: replica)
            )
        }
    }

    private mutating func settle() throws {
        let replica = Int(random.int(0...3))
        var batch: [Settlement] = []
        for _ in 0..<random.int(1...5) where !replicas[replica].running.isEmpty {
            let index = Int(random.int(0...Int64(replicas[replica].running.count - 1)))
            batch.append(makeSettlement(replicas[replica].running.remove(at: index)))
        }
        switch random.int(1...12) {
        case 1:
            // The database is away: the spool takes them.
            replicas[replica].spool += batch
        case 2:
            // Committed, not acknowledged: done, and in the spool as well.
            try close(batch)
            replicas[replica].spool += batch
        default: try close(batch)
        }
    }

    private mutating func replay() throws {
        let replica = Int(random.int(0...3))
        try replay(replicas[replica])
        replicas[replica].spool = []
        replicas[replica].unknown = []
        if random.oneIn(3), let away = awaySpools.popLast() {
            count("late spool")
            try replay(away)
        }
    }

    private mutating func replay(_ replica: Replica) throws {
        for request in replica.unknown { try decideUnknown(request) }
        try close(replica.spool)
        // A crash in the middle of replaying: all of it once more.
        if random.oneIn(4) { try close(replica.spool) }
    }

    /// The same id goes in as a voided row without parts; a row that is there is voided instead.
    private mutating func decideUnknown(_ request: AdmissionRequest) throws {
        guard var row = books.rows[request.call.id] else {
            let hold = Hold(
                groupID: ModelGroupID(1),
                multiplier: .one,
                amount: .zero,
                outputLimit: 0,
                isClamped: false,
                parts: []
            )
            var row = SimulatedRow(call: request.call, hold: hold, parts: [], state: .voided, replica: 0)
            row.closings = 1
            books.write(row)
            return
        }
        var balances = Balances()
        try books.lock(request.call.userID, into: &balances)
        try books.lock(request.call.keyID, into: &balances)
        let before = row
        let closing = try balances.void(row.locked, now: now)
        try write(closing, to: &row, balances, wasOpen: before.state == .open || before.state == .uncertain)
        try claim(closing.charge == .zero, "\(row.call.id) was answered 503 and charged")
        count("voided unknown")
    }

    private mutating func crash() {
        let replica = Int(random.int(0...3))
        for running in replicas[replica].running {
            // Some answers had ended; their settlements are on the dead machine's disk.
            if random.oneIn(2) { replicas[replica].spool.append(makeSettlement(running)) }
        }
        replicas[replica].running = []
        for (id, row) in books.rows where row.replica == replica && row.state == .open {
            var row = row
            row.state = .uncertain
            books.write(row)
            uncertain.append(id)
        }
        uncertain.sort()
        if random.oneIn(2) {
            // The machine stays away: policies decide before its spool is read.
            awaySpools.append(replicas[replica])
            replicas[replica] = Replica()
        }
        count("crash")
    }

    private mutating func resolve() throws {
        for _ in 0..<random.int(1...6) where !uncertain.isEmpty {
            let id = uncertain.remove(at: Int(random.int(0...Int64(uncertain.count - 1))))
            guard var row = books.rows[id] else { throw BrokenBooks(description: "\(id) is gone") }
            let wasOpen = row.state == .uncertain
            var balances = Balances()
            try books.lock(row.call.userID, into: &balances)
            try books.lock(row.call.keyID, into: &balances)
            let policy = random.pick(UncertainPolicy.allCases)
            let closing = try balances.resolve(row.locked, by: policy, now: now)
            if wasOpen {
                let held = row.hold.amount.picoDollars
                let estimate = row.hold.multiplier.basisPoints * row.call.estimatedInputPrice.picoDollars
                let due: Int64 =
                    switch policy {
                    case .void: 0
                    case .chargeHold: held
                    case .chargeInput: min(held, (estimate + 4_999) / 10_000)
                    }
                // Half-even may round an exact half down where this rounds up to it: never both.
                try claim(abs(closing.charge.picoDollars - due) <= 1, "\(policy) charged \(closing.charge), not \(due)")
                count("\(policy)")
            }
            try write(closing, to: &row, balances, wasOpen: wasOpen)
        }
    }

    /// Somebody settles calls again that were settled long ago.
    private mutating func repeatOld() throws {
        guard !applied.isEmpty else { return }
        let old = random.pick(applied)
        let before = books.rows[old.call.id]
        try close([old])
        let after = books.rows[old.call.id]
        try claim(before?.charge == after?.charge && before?.entries == after?.entries, "settled twice")
        count("repeated")
    }

    private mutating func close(_ batch: [Settlement]) throws {
        var balances = Balances()
        var rows: [CallID: SimulatedRow] = [:]
        for settlement in batch {
            let id = settlement.call.id
            try books.lock(settlement.call.userID, into: &balances)
            try books.lock(settlement.call.keyID, into: &balances)
            var row = rows[id] ?? books.rows[id]
            let snapshot = balances
            let closing = try balances.close(settlement, row: row?.locked, now: now)
            try foretell(closing, settlement, row: row, before: snapshot, after: balances)
            if row == nil {
                row = SimulatedRow(
                    call: settlement.call,
                    hold: settlement.hold,
                    parts: closing.parts,
                    state: closing.state,
                    replica: 0
                )
            }
            guard var row else { continue }
            try apply(closing, to: &row)
            rows[id] = row
            if applied.count < 60 { applied.append(settlement) } else { applied[Int(random.int(0...59))] = settlement }
        }
        try books.save(balances, now: now)
        for row in rows.values.sorted(by: { $0.call.id < $1.call.id }) { commit(row) }
    }

    private mutating func write(
        _ closing: Closing,
        to row: inout SimulatedRow,
        _ balances: Balances,
        wasOpen: Bool
    ) throws {
        if wasOpen {
            try claim(closing.action == .close, "\(closing.action) of an open call")
        }
        try apply(closing, to: &row)
        try books.save(balances, now: now)
        commit(row)
    }

    private mutating func commit(_ row: SimulatedRow) {
        let known = books.rows[row.call.id]?.entries.count ?? 0
        books.write(row)
        for entry in row.entries[known...] { books.book(entry) }
        // The newest closings, which may still be corrected.
        if row.closings == 1, closed.last != row.call.id { closed.append(row.call.id) }
        if closed.count > 100 { closed.removeFirst(50) }
    }

    private mutating func apply(_ closing: Closing, to row: inout SimulatedRow) throws {
        try row.take(closing)
        switch closing.action {
        case .none: count("closed before")
        case .close, .insert:
            for entry in closing.entries {
                try claim(entry.kind == .expiry || entry.kind == .deactivation, "\(entry.kind) of a first closing")
                count("forfeited at its end")
            }
            if closing.action == .insert { count(closing.isFundedInFull ? "orphan" : "orphan at a loss") }
        case .correct:
            count(
                closing.chargeDelta > .zero
                    ? "corrected up" : closing.chargeDelta < .zero ? "corrected down" : "confirmed"
            )
            if row.sum(.refund) < 0 { count("corrected after a refund") }
            for entry in closing.entries where entry.kind == .carryOver {
                guard case .grant(let id) = entry.lane else { throw BrokenBooks(description: "carried to a key") }
                let origins = row.parts.compactMap { part in
                    if case .grant(let id) = part.lane { books.grants[id]?.quotaID } else { nil }
                }
                try claim(books.grants[id].map { origins.contains($0.quotaID) } == true, "carried to another quota")
                count("carried over")
            }
            if !closing.isFundedInFull { count("correction at a loss") }
        }
    }

    // MARK: - Foretelling

    private func foretell(
        _ closing: Closing,
        _ settlement: Settlement,
        row: SimulatedRow?,
        before: Balances,
        after: Balances
    ) throws {
        let result = settlement.result
        let asked = result.outcome == .voided ? 0 : result.charge.picoDollars
        let id = settlement.call.id
        guard let row else {
            try claim(closing.action == .insert, "\(id): \(closing.action) without a row")
            let due = min(asked, settlement.hold.amount.picoDollars)
            try claim(closing.charge.picoDollars <= due, "\(id) was charged beyond its hold")
            try isExhausted(closing.charge.picoDollars, due, settlement.hold.parts, others: [], after)
            return
        }
        let due = min(asked, row.hold.amount.picoDollars)
        switch row.state {
        case .open, .uncertain:
            try claim(closing.action == .close && closing.charge.picoDollars == due, "\(id): \(closing), due \(due)")
            try claim(closing.excess.picoDollars == result.excess.picoDollars + asked - due, "\(id): loss")
        case .captured, .voided:
            guard row.flags.contains(.chargedByPolicy), row.corrections == 0 else {
                try claim(closing.action == .none, "\(id): \(closing.action) of a closed call")
                return
            }
            try claim(closing.action == .correct, "\(id): \(closing.action) after a policy")
            let wanted = due - row.charge.picoDollars
            let delta = closing.chargeDelta.picoDollars
            if wanted <= 0 {
                let paid = row.charge.picoDollars + row.sum(.refund)
                try claim(delta == max(wanted, -paid), "\(id): corrected by \(delta), not \(wanted)")
            } else {
                try claim(delta <= wanted, "\(id): corrected beyond what it should be")
                let others = books.grants(of: row.call.userID).filter { grant in
                    grant.groupID == row.hold.groupID && grant.isActive && grant.startsAt <= now
                        && (grant.endsAt.map { now < $0 } ?? true)
                }
                try isExhausted(delta, wanted, row.parts, others: others.map(\.id), after)
            }
        }
    }

    /// Less than was due was taken only because there was no more: neither on the grants nor, if it has one, the key.
    private func isExhausted(
        _ taken: Int64,
        _ due: Int64,
        _ parts: [HoldPart],
        others: [GrantID],
        _ after: Balances
    ) throws {
        guard taken < due else { return }
        var grants = others
        for part in parts {
            switch part.lane {
            case .grant(let id): grants.append(id)
            case .key(let id): if after[id]?.available == .zero { return }
            }
        }
        for id in grants { try claim(after[id]?.available == .zero, "grant \(id) still has money, \(taken) of \(due)") }
    }

    // MARK: - Edits

    private mutating func edit() throws {
        let user = UserID(random.int(1...users))
        var balances = Balances()
        try books.lock(user, into: &balances)
        let all = books.grants(of: user)
        guard !all.isEmpty else { return }
        let grant = random.pick(all)
        var entry: Entry?
        do {
            switch random.int(1...16) {
            case ...5: entry = try balances.topUp(grant.id, by: Money(random.int(1...900)), now: now)
            case ...7: entry = try balances.reduce(grant.id, by: Money(random.int(1...700)), now: now)
            case 8: entry = random.oneIn(4) ? try balances.deactivate(grant.id) : nil
            case 9, 10:
                for grant in all where !grant.isActive { try balances.activate(grant.id) }
            case 11:
                let endsAt = random.oneIn(4) ? nil : Instant(now.microseconds + random.int(-20...900))
                entry = try balances.reschedule(grant.id, endsAt: endsAt, now: now)
            case ...13: try renew(all)
            case 14:
                let key = APIKeyID(user.rawValue * 3 + random.int(0...1))
                try books.lock(key, into: &balances)
                entry = try balances.adjust(key, by: Money(random.int(-300...900)))
            default:
                for grant in all where grant.hasEnded(at: now) && grant.available > .zero {
                    entry = try balances.expire(grant.id, now: now)
                    count("expired")
                    break
                }
            }
        } catch let error as LedgerError {
            try claim(
                error == .ended || error == .notEnded,
                "an edit failed for another reason than its grant's end: \(error)"
            )
            count("edit refused")
            return
        }
        try books.save(balances, now: now)
        if let entry {
            books.book(entry)
            count("\(entry.kind)")
        }
    }

    private mutating func renew(_ all: [Grant]) throws {
        guard nextGrant < 160 else { return }
        for last in all {
            guard last.isActive, let end = last.endsAt, end.microseconds < now.microseconds + 100,
                !all.contains(where: { $0.quotaID == last.quotaID && $0.ordinal > last.ordinal })
            else { continue }
            let next = try last.renewal(
                id: GrantID(nextGrant),
                funded: Money(random.int(100...1_500)),
                endsAt: random.oneIn(5) ? nil : Instant(end.microseconds + random.int(200...9_000))
            )
            nextGrant += 1
            books.insert(next)
            count("renewed")
            return
        }
    }

    private mutating func refund() throws {
        guard !closed.isEmpty else { return }
        let index = Int(random.int(0...Int64(closed.count - 1)))
        let id = closed[index]
        if random.oneIn(3) { closed.remove(at: index) }
        guard var row = books.rows[id] else { return }
        let net = row.locked.netCharge.picoDollars
        let amount = random.int(0...(net + 5))
        var balances = Balances()
        try books.lock(row.call.userID, into: &balances)
        try books.lock(row.call.keyID, into: &balances)
        do {
            row.entries += try balances.refund(Money(amount), of: row.locked, now: now)
        } catch LedgerError.exceedsCaptured {
            // Also for what an upward correction took elsewhere, if the hold's own grant has not captured as much.
            try claim(amount > net || row.sum(.correction) > 0, "a refund of \(amount) from \(net) was refused")
            count("refund refused")
            return
        } catch LedgerError.invalidAmount {
            try claim(amount == 0, "a refund of \(amount) was refused")
            return
        }
        try claim(amount <= net, "a refund of \(amount) from \(net)")
        try books.save(balances, now: now)
        commit(row)
        count("refund")
    }

    // MARK: - Making

    private mutating func addQuota(user: Int64, group: Int64) {
        books.insert(
            Grant(
                id: GrantID(nextGrant),
                quotaID: QuotaID(nextGrant),
                userID: UserID(user),
                groupID: ModelGroupID(group),
                ordinal: 1,
                startsAt: Instant(random.int(0...1_200)),
                endsAt: random.oneIn(3) ? nil : Instant(random.int(1_500...9_000)),
                isActive: true,
                balance: Balance(funded: Money(random.int(0...2_000)))
            )
        )
        nextGrant += 1
    }

    private mutating func makeRequest() -> AdmissionRequest {
        let user = random.int(1...users)
        let key = user * 3 + random.int(0...2)
        let groups = (1...groups).shuffled(using: &random).prefix(Int(random.int(1...3)))
        let candidates = groups.map { group in
            let limit = random.int(0...60)
            return Candidate(
                groupID: ModelGroupID(group),
                multiplier: (try? Multiplier(basisPoints: 5_000 * group)) ?? .one,
                quote: Quote(
                    fixed: Money(random.oneIn(9) ? 0 : random.int(0...120)),
                    perOutputToken: Money(random.oneIn(9) ? 0 : random.int(0...6)),
                    outputLimit: limit,
                    lowestOutputLimit: random.oneIn(2) ? limit : random.int(0...limit)
                )
            )
        }
        let number = nextCall
        nextCall += 1
        return AdmissionRequest(
            call: intent(number, user: user, key: key, estimate: random.int(0...150), at: now.microseconds),
            candidates: Array(candidates),
            hasSpendingLimit: key % 3 != 2
        )
    }

    private mutating func makeSettlement(_ running: Running) -> Settlement {
        let hold = running.hold.amount.picoDollars
        // One in ten upstreams reports more than can be.
        let charge = random.oneIn(10) ? hold + random.int(1...50) : random.int(0...hold)
        let isVoided = random.oneIn(6)
        return Settlement(
            call: running.call,
            hold: running.hold,
            result: CallResult(
                outcome: isVoided ? .voided : .captured,
                usage: Usage(),
                charge: isVoided ? .zero : Money(charge),
                cost: Money(charge),
                flags: [],
                statusCode: isVoided ? 502 : 200,
                endedAt: now,
                durationMilliseconds: 1,
                firstByteMilliseconds: nil,
                rawUsage: nil
            )
        )
    }

    // MARK: - The end

    /// Everybody comes back, every spool is replayed, every policy decides: then nothing is held anywhere.
    private mutating func finish() throws {
        for replica in replicas + awaySpools { try replay(replica) }
        for index in replicas.indices {
            try close(replicas[index].running.map { makeSettlement($0) })
        }
        uncertain = books.rows.values.filter { $0.state == .uncertain }.map(\.call.id).sorted()
        while !uncertain.isEmpty { try resolve() }
        try books.checkTouched()
        try books.checkAll()
        for grant in books.grants.values { try claim(grant.held == .zero, "grant \(grant.id) still holds") }
        for limit in books.keys.values { try claim(limit.held == .zero, "limit \(limit.keyID) still holds") }
        for row in books.rows.values { try claim(row.closings == 1, "\(row.call.id) never ended") }
    }
}
