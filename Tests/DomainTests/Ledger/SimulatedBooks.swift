@testable import Domain

/// What the simulation found broken, and when.
struct BrokenBooks: Error, CustomStringConvertible {
    let description: String
}

func claim(_ holds: Bool, _ text: @autoclosure () -> String) throws {
    guard holds else { throw BrokenBooks(description: text()) }
}

/// A call's row, and what happened to it.
struct SimulatedRow {
    let call: CallIntent
    let hold: Hold
    var parts: [HoldPart]
    var state: CallState
    var flags: BillFlags = []
    var charge = Money.zero
    /// The provider's loss, as it is named on the bill.
    var excess = Money.zero
    var entries: [Entry] = []
    var closings = 0
    var corrections = 0
    var replica: Int

    /// Writes down what became of the call; it may end once, and be corrected once after that.
    mutating func take(_ closing: Closing) throws {
        switch closing.action {
        case .none: break
        case .close, .insert:
            closings += 1
            charge = closing.charge
            excess = closing.excess
        case .correct:
            corrections += 1
            excess = closing.excess
        }
        state = closing.state
        entries += closing.entries
        flags.formUnion(closing.flags)
        try claim(closings == 1 && corrections <= 1, "\(call.id) closed twice")
        try claim(
            charge.picoDollars + sum(.correction) + sum(.refund) == closing.charge.picoDollars,
            "\(call.id): the charge is not its row and entries"
        )
    }

    func sum(_ kind: EntryKind) -> Int64 {
        entries.reduce(0) { sum, entry in
            guard entry.kind == kind, case .grant = entry.lane else { return sum }
            return sum + entry.amount.picoDollars
        }
    }

    var locked: LockedCall {
        LockedCall(
            id: call.id,
            userID: call.userID,
            groupID: hold.groupID,
            multiplier: hold.multiplier,
            estimatedInputPrice: call.estimatedInputPrice,
            parts: parts,
            state: state,
            flags: flags,
            charge: charge,
            correction: Money(sum(.correction)),
            refunded: Money(-sum(.refund))
        )
    }
}

/// The database of the simulation, and beside it plain sums of the rows and entries written: funded, held and captured
/// as they must be, by rules of their own.
struct SimulatedBooks {
    private(set) var grants: [GrantID: Grant] = [:]
    private(set) var keys: [APIKeyID: KeyLimit] = [:]
    private(set) var rows: [CallID: SimulatedRow] = [:]
    private var grantsByUser: [UserID: [GrantID]] = [:]
    private var sums: [Lane: Sums] = [:]
    private var charged: Int64 = 0
    private var captured: Int64 = 0
    private var touched: Set<Lane> = []

    struct Sums: Equatable {
        var funded: Int64 = 0
        var held: Int64 = 0
        var captured: Int64 = 0
        /// Forfeited, or still to be taken.
        var lost: Int64 = 0
    }

    // MARK: - Writing

    mutating func insert(_ grant: Grant) {
        grants[grant.id] = grant
        grantsByUser[grant.userID, default: []].append(grant.id)
        book(Entry(lane: .grant(grant.id), kind: .opening, amount: grant.funded))
    }

    mutating func insert(_ limit: KeyLimit) {
        keys[limit.keyID] = limit
        book(Entry(lane: .key(limit.keyID), kind: .opening, amount: limit.funded))
    }

    func grantIDs(of userID: UserID) -> [GrantID] { grantsByUser[userID] ?? [] }

    func grants(of userID: UserID) -> [Grant] { (grantsByUser[userID] ?? []).compactMap { grants[$0] } }

    /// All rows a transaction for this user may need.
    func lock(_ userID: UserID, into balances: inout Balances) throws {
        for id in grantsByUser[userID] ?? [] { if let grant = grants[id] { try balances.load(grant) } }
    }

    func lock(_ keyID: APIKeyID, into balances: inout Balances) throws {
        if let limit = keys[keyID] { try balances.load(limit) }
    }

    /// Writes changed balances, each guarded by what was read.
    mutating func save(_ balances: Balances, now: Instant) throws {
        for (before, after) in balances.changedGrants {
            try claim(grants[after.id] == before, "grant \(after.id) was not what was read")
            if let end = before.endsAt, end <= now {
                try claim(after.available <= before.available, "grant \(after.id) has ended and got money back")
            }
            captured += after.captured.picoDollars - before.captured.picoDollars
            grants[after.id] = after
            touched.insert(.grant(after.id))
        }
        for (before, after) in balances.changedKeyLimits {
            try claim(keys[after.keyID] == before, "limit \(after.keyID) was not what was read")
            keys[after.keyID] = after
            touched.insert(.key(after.keyID))
        }
    }

    /// Inserts or changes a row, moving its share of the sums along.
    mutating func write(_ row: SimulatedRow) {
        if let old = rows[row.call.id] { add(old, sign: -1) }
        rows[row.call.id] = row
        add(row, sign: 1)
    }

    mutating func book(_ entry: Entry) {
        let amount = entry.amount.picoDollars
        switch entry.kind {
        case .opening, .topUp, .carryOver: sums[entry.lane, default: Sums()].funded += amount
        case .correction, .refund:
            sums[entry.lane, default: Sums()].captured += amount
            if case .grant = entry.lane { charged += amount }
        case .reduction, .expiry, .deactivation: sums[entry.lane, default: Sums()].lost -= amount
        }
        touched.insert(entry.lane)
    }

    private mutating func add(_ row: SimulatedRow, sign: Int64) {
        var left = row.charge.picoDollars
        for part in row.parts {
            let amount = part.amount.picoDollars
            touched.insert(part.lane)
            if row.state == .open || row.state == .uncertain {
                sums[part.lane, default: Sums()].held += sign * amount
            } else if case .grant = part.lane {
                sums[part.lane, default: Sums()].captured += sign * min(left, amount)
                left -= min(left, amount)
            } else {
                sums[part.lane, default: Sums()].captured += sign * row.charge.picoDollars
            }
        }
        charged += sign * row.charge.picoDollars
    }

    // MARK: - Checking

    /// Checks every lane that the last step wrote or should have written.
    mutating func checkTouched() throws {
        for lane in touched { try check(lane) }
        touched.removeAll(keepingCapacity: true)
        try claim(charged == captured, "charges \(charged) ≠ captured \(captured)")
    }

    private func check(_ lane: Lane) throws {
        let balance: Balance?
        switch lane {
        case .grant(let id): balance = grants[id]?.balance
        case .key(let id): balance = keys[id]?.balance
        }
        guard let balance else { throw BrokenBooks(description: "\(lane) is gone") }
        let pots = [balance.available, balance.held, balance.captured, balance.forfeited].map(\.picoDollars)
        try claim(pots.allSatisfy { $0 >= 0 }, "\(lane) is negative: \(balance.pots)")
        try claim(pots.reduce(0, +) == balance.funded.picoDollars, "\(lane) is not conserved: \(balance.pots)")
        let actual = Sums(
            funded: balance.funded.picoDollars,
            held: pots[1],
            captured: pots[2],
            lost: pots[3] + balance.pendingClawback.picoDollars
        )
        let due = sums[lane] ?? Sums()
        try claim(actual == due, "\(lane) is \(actual), its rows and entries say \(due)")
        if balance.pendingClawback > .zero {
            try claim(pots[0] == 0, "\(lane) has money although a clawback waits: \(balance.pots)")
        }
        if case .grant(let id) = lane, grants[id]?.isActive == false {
            try claim(
                pots[0] == 0 && balance.pendingClawback == .zero,
                "\(lane) is inactive and has money: \(balance.pots)"
            )
        }
    }

    /// Adds everything up anew, from rows and entries alone.
    mutating func checkAll() throws {
        var fresh = SimulatedBooks()
        for row in rows.values {
            fresh.add(row, sign: 1)
            for entry in row.entries { fresh.book(entry) }
            try claim(row.closings <= 1 && row.corrections <= 1, "\(row.call.id) closed twice")
            let isOpen = row.state == .open || row.state == .uncertain
            try claim(isOpen == (row.closings == 0), "\(row.call.id) is \(row.state) after \(row.closings)")
        }
        for (lane, due) in sums {
            let found = fresh.sums[lane] ?? Sums()
            try claim(found.held == due.held && found.captured == due.captured, "\(lane): sums have drifted")
            try check(lane)
        }
        let all = grants.values.reduce(0) { $0 + $1.captured.picoDollars }
        try claim(all == captured && fresh.charged == captured, "captured \(all), charged \(fresh.charged)")
    }
}
