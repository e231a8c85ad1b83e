import Domain

/// A change of one quota under the write lock: Domain's rules on its periods, and the entries that they leave.
struct QuotaEdit {
    private let act: ActTransaction
    private let quota: QuotaID
    private let userID: UserID
    private let groupID: ModelGroupID
    private let reason: String
    private let actor: String
    private let current: Grant
    /// Made ahead.
    private let coming: [GrantID]
    private let newestOrdinal: Int64
    private let newestEnd: Instant?
    private var balances = Balances(minimumCapacity: 4)
    private var entries: [(entry: Entry, call: CallID?)] = []

    init(_ quota: QuotaID, reason: String, actor: String, _ act: ActTransaction) throws {
        let periods = try LaneRows.periods(of: quota, at: act.now, act.connection)
        guard let current = periods.first, let newest = periods.last else {
            throw StorageError.constraint("quota \(quota) has no grant")
        }
        for period in periods { try balances.load(period) }
        self.act = act
        self.quota = quota
        self.reason = reason
        self.actor = actor
        self.current = current
        userID = current.userID
        groupID = current.groupID
        coming = periods.dropFirst().map(\.id)
        newestOrdinal = newest.ordinal
        newestEnd = newest.endsAt
    }

    /// The period of now, as it is by now.
    var period: Grant { balances[current.id] ?? current }

    var hasEnded: Bool { period.hasEnded(at: act.now) }

    /// What the period comes to once a pending clawback has been taken.
    var total: Money { period.balance.totalAfterClawback }

    mutating func topUp(by amount: Money) throws {
        note(try balances.topUp(current.id, by: amount, now: act.now))
    }

    mutating func reduce(by amount: Money) throws {
        note(try balances.reduce(current.id, by: amount, now: act.now))
    }

    mutating func adjust(by difference: Money) throws {
        note(try balances.adjust(current.id, by: difference, now: act.now))
    }

    /// Moves the end of a period that runs.
    mutating func reschedule(to end: Instant?) throws {
        note(try balances.reschedule(current.id, endsAt: end, now: act.now))
    }

    mutating func setActive(_ isActive: Bool) throws {
        for id in [current.id] + coming {
            if isActive { try balances.activate(id) } else { note(try balances.deactivate(id)) }
        }
    }

    /// Ends the period now, and what was made ahead. What has ended already forfeits what it had left.
    mutating func end() throws {
        if hasEnded {
            note(try balances.expire(current.id, now: act.now))
        } else {
            guard current.startsAt < act.now else { throw DeskError.conflict(.notBegun) }
            try reschedule(to: act.now)
        }
        try dropComing()
    }

    /// What was made ahead gives its money up, and its time to what comes next.
    mutating func dropComing() throws {
        for id in coming {
            note(try balances.deactivate(id))
            guard let start = balances[id]?.startsAt else { continue }
            note(try balances.reschedule(id, endsAt: Instant(microseconds: start.microseconds + 1), now: act.now))
        }
    }

    /// From now on the quota renews itself: a period that runs ends then. Nil: no more, and it ends as it would have.
    mutating func renew(until end: Instant?) throws {
        try dropComing()
        if let end, !hasEnded { try reschedule(to: end) }
    }

    /// The next period, after one that has ended.
    mutating func begin(funded: Money, endsAt: Instant?, isActive: Bool) throws {
        let id = try LaneRows.insert(
            quota: quota,
            user: userID,
            group: groupID,
            ordinal: newestOrdinal + 1,
            startsAt: newestEnd ?? act.now,
            endsAt: endsAt,
            isActive: isActive,
            funded: funded,
            now: act.now,
            act.connection
        )
        note(Entry(lane: .grant(id), kind: .opening, amount: funded))
    }

    /// - Throws: `DeskError.refused` for a call that this quota did not pay.
    mutating func refund(_ amount: Money, of call: CallID) throws {
        let unknown = DeskError.refused(field: "request_id", .unknown)
        guard let row = try CallRows.locked(call, act.connection), row.userID == userID, row.groupID == groupID else {
            throw unknown
        }
        try LaneRows.load(
            row.parts.map(\.lane),
            of: [QuotaHolder(userID: userID, groupID: groupID)],
            endingAfter: act.now,
            into: &balances,
            act.connection
        )
        let isPayer = row.parts.contains { part in
            if case .grant(let id) = part.lane { balances[id]?.quotaID == quota } else { false }
        }
        guard isPayer else { throw unknown }
        entries += try balances.refund(amount, of: row, now: act.now).map { ($0, call) }
    }

    /// Writes balances and entries.
    func finish() throws {
        try LaneRows.save(balances, act.connection)
        for (entry, call) in entries {
            try LaneRows.append(entry, call: call, reason: reason, actor: actor, now: act.now, act.connection)
        }
    }

    /// A quota's first period.
    static func open(
        _ quota: QuotaID,
        user: UserID,
        group: ModelGroupID,
        funded: Money,
        endsAt: Instant?,
        isActive: Bool,
        reason: String,
        actor: String,
        _ act: ActTransaction
    ) throws {
        let id = try LaneRows.insert(
            quota: quota,
            user: user,
            group: group,
            ordinal: 1,
            startsAt: act.now,
            endsAt: endsAt,
            isActive: isActive,
            funded: funded,
            now: act.now,
            act.connection
        )
        try LaneRows.append(
            Entry(lane: .grant(id), kind: .opening, amount: funded),
            call: nil,
            reason: reason,
            actor: actor,
            now: act.now,
            act.connection
        )
    }

    private mutating func note(_ entry: Entry?) {
        if let entry { entries.append((entry, nil)) }
    }
}
