import Domain

/// One ledger transaction's work: what it needs is locked and read first, in the one order of all ledger transactions (calls,
/// grants, keys, each by id); then settlements and admissions are decided by Domain, and written.
///
/// Nothing leaves it before the caller has committed: a failed batch is dropped with all it counted.
struct LedgerBatch {
    /// Kept by a writer from batch to batch.
    struct Memory {
        let replica: ReplicaID
        var nextLeaf: Int64 = 0
        /// Texts whose rows are committed.
        var userAgents: [String: Int64] = [:]
        var scratch: [UInt8] = []
        var keepsRawUsage = true
        var cacheSavings = CacheSavings()
        var flowMark = FlowMark()

        init(replica: ReplicaID) { self.replica = replica }
    }

    /// What is to be decided. The caller knows some calls to be open (it admitted them and nobody closed them since), which
    /// spares reading their rows; if a row disagrees the batch fails, and must be done again without that knowledge.
    struct Needs {
        fileprivate var calls: [CallID] = []
        fileprivate var lanes: Set<Lane> = []
        fileprivate var holders: Set<QuotaHolder> = []
        fileprivate var ofAbsent: [CallID: (parts: [HoldPart], holder: QuotaHolder)] = [:]

        mutating func settle(_ settlement: Settlement, isOpen: Bool) {
            let hold = settlement.hold
            if isOpen { return lanes.formUnion(hold.parts.lazy.map(\.lane)) }
            let holder = QuotaHolder(userID: settlement.call.userID, groupID: hold.groupID)
            calls.append(settlement.call.id)
            ofAbsent[settlement.call.id] = (hold.parts, holder)
        }

        mutating func resolve(_ call: CallID) { calls.append(call) }

        mutating func admit(_ request: AdmissionRequest) {
            for candidate in request.candidates {
                holders.insert(QuotaHolder(userID: request.call.userID, groupID: candidate.groupID))
            }
            if request.hasSpendingLimit { lanes.insert(.key(request.call.keyID)) }
        }
    }

    private let connection: any SQLConnection
    private let now: Instant
    private(set) var memory: Memory
    private var rows: [CallID: LockedCall] = [:]
    private var balances: Balances
    private var rollups = Rollups()
    private var leaves: AuditLeaves
    /// What must be decided another time: nothing of it may be asked of this batch.
    private var elsewhere = LockedElsewhere()

    /// Locks and reads.
    /// - Parameters:
    ///   - newest: the newest booking there is: no grant is needed that had ended by then.
    ///   - skipsLocked: waits for nobody; what others have locked is left out.
    ///   - clock: asked once the locks are there, see ``LedgerTime``.
    init(
        _ connection: any SQLConnection,
        memory: Memory,
        needs: Needs,
        after newest: Instant = Instant(microseconds: .min),
        skipsLocked: Bool = false,
        clock: () throws -> Instant
    ) throws {
        self.connection = connection
        self.memory = memory
        balances = Balances(minimumCapacity: 8)
        leaves = AuditLeaves(replica: memory.replica, first: memory.nextLeaf)
        var needs = needs
        if !needs.calls.isEmpty {
            rows = try CallRows.locked(needs.calls, skipsLocked: skipsLocked, connection)
            for id in needs.calls {
                let absent = needs.ofAbsent[id]
                guard let row = rows[id] else {
                    if skipsLocked, try CallRows.isThere(id, connection) {
                        elsewhere.calls.insert(id)
                        continue
                    }
                    if let absent {
                        needs.lanes.formUnion(absent.parts.lazy.map(\.lane))
                        needs.holders.insert(absent.holder)
                    }
                    continue
                }
                needs.lanes.formUnion(row.parts.lazy.map(\.lane))
                if row.state != .open, row.state != .uncertain, let absent { needs.holders.insert(absent.holder) }
            }
        }
        if skipsLocked {
            let (lanes, holders) = (needs.lanes, needs.holders)
            let more = try LaneRows.loadUnlocked(lanes, of: holders, endingAfter: newest, into: &balances, connection)
            elsewhere.lanes = more.lanes
            elsewhere.holders = more.holders
        } else {
            try LaneRows.load(needs.lanes, of: needs.holders, endingAfter: newest, into: &balances, connection)
        }
        now = try clock()
    }

    /// Whether what it needs is locked by others.
    func isHeldUp(_ work: JournalWork) -> Bool {
        switch work {
        case .settle(let pending):
            elsewhere.holdsUp(pending.settlement, row: rows[pending.settlement.call.id])
        case .admit(let pending): elsewhere.holdsUp(pending.request)
        }
    }

    /// The ledger's time in this transaction.
    var time: Instant { now }

    /// Closes a call.
    /// - Parameter isOpen: as it was said to ``Needs``.
    mutating func settle(_ settlement: Settlement, isOpen: Bool) throws -> Closing {
        let id = settlement.call.id
        let row =
            rows[id]
            ?? (isOpen
                ? LockedCall(
                    id: id,
                    userID: settlement.call.userID,
                    groupID: settlement.hold.groupID,
                    multiplier: settlement.hold.multiplier,
                    estimatedInputPrice: settlement.call.estimatedInputPrice,
                    parts: settlement.hold.parts,
                    state: .open
                ) : nil)
        let closing = try balances.close(settlement, row: row, now: now)
        // Whatever else this batch has of the call finds it closed.
        rows[id] = LockedCall(id: id, row, settlement, closing)
        switch closing.action {
        case .none: return closing
        case .close:
            try CallRows.close(settlement, closing: closing, leaf: leaves.next, connection)
        case .correct:
            guard let row else { throw StorageError.misuse("a correction without a row") }
            try CallRows.correct(settlement, row: row, closing: closing, leaf: leaves.next, connection)
        case .insert:
            let agent = try memory.userAgent(settlement.call.userAgent, connection)
            try CallRows.insertClosed(
                settlement,
                closing: closing,
                replica: memory.replica,
                userAgent: agent,
                leaf: leaves.next,
                scratch: &memory.scratch,
                connection
            )
        }
        try append(
            closing.entries,
            of: id,
            reason: closing.action == .correct
                ? "settled after a policy had closed it" : "held on a grant that has ended since"
        )
        leaves.append(
            BillLeaf(
                settlement,
                closing: closing,
                charge: closing.action == .correct ? row?.charge ?? .zero : closing.charge,
                flags: settlement.result.flags.union(closing.flags).union(row?.flags ?? [])
            )
        )
        rollups.add(
            settlement,
            closing: closing,
            cacheSavings: try memory.cacheSavings.amount(
                state: closing.state,
                usage: settlement.result.usage,
                price: settlement.call.priceVersionID,
                multiplier: settlement.hold.multiplier,
                endedAt: settlement.result.endedAt,
                connection
            ),
            countsFlow: try memory.flowMark.counts(startedAt: settlement.call.startedAt, connection)
        )
        if memory.keepsRawUsage, let raw = settlement.result.rawUsage {
            try CallRows.keep(rawUsage: raw, of: id, isFirst: closing.action == .close, connection)
        }
        return closing
    }

    private func append(_ entries: [Entry], of id: CallID, reason: String) throws {
        for entry in entries {
            try LaneRows.append(entry, call: id, reason: reason, actor: "ledger", now: now, connection)
        }
    }

    /// Decides one admission and writes its row.
    mutating func admit(_ request: AdmissionRequest) throws -> Admission {
        let admission = balances.admit(request, now: now)
        guard case .held(let hold) = admission else { return admission }
        let agent = try memory.userAgent(request.call.userAgent, connection)
        try CallRows.insert(
            request.call,
            hold: hold,
            replica: memory.replica,
            userAgent: agent,
            scratch: &memory.scratch,
            connection
        )
        return admission
    }

    /// Closes an open call of a dead process by policy.
    mutating func resolve(_ open: OpenCall, by policy: UncertainPolicy) throws -> Closing {
        guard let row = rows[open.call.id] else { throw StorageError.misuse("an open call has no row") }
        let closing = try balances.resolve(row, by: policy, now: now)
        guard closing.action == .close else { return closing }
        let flags = row.flags.union(closing.flags)
        try CallRows.close(open.call.id, closing: closing, flags: flags, leaf: leaves.next, now: now, connection)
        try append(closing.entries, of: open.call.id, reason: "held on a grant that has ended since")
        leaves.append(BillLeaf(open, row: row, closing: closing, flags: flags, now: now))
        rollups.addResolved(
            open.call,
            group: row.groupID,
            closing: closing,
            countsFlow: try memory.flowMark.counts(startedAt: open.call.startedAt, connection),
            now: now
        )
        return closing
    }

    /// Writes balances, roll-ups and leaves, and waits for all that was written.
    /// - Returns: the memory to keep once the commit is through.
    mutating func finish() throws -> Memory {
        try LaneRows.save(balances, connection)
        try rollups.flush(replica: memory.replica, now: now, connection)
        try leaves.flush(now: now, connection)
        try connection.flush()
        memory.nextLeaf = leaves.next
        return memory
    }
}

extension LedgerBatch.Memory {
    /// The row of what a client calls itself.
    mutating func userAgent(_ text: String, _ connection: any SQLConnection) throws -> Int64 {
        if let id = known(text) { return id }
        let clipped = UserAgentRows.clip(text)
        let id = try UserAgentRows.id(of: clipped, connection)
        // Clients can make up any number of names; the memory of them is bounded.
        if userAgents.count >= 4_096 { userAgents.removeAll(keepingCapacity: true) }
        userAgents[clipped] = id
        return id
    }

    /// The row of a client that was met before.
    func known(_ text: String) -> Int64? { userAgents[text] ?? userAgents[UserAgentRows.clip(text)] }
}

extension LockedCall {
    /// The row of a call as a settlement left it.
    fileprivate init(id: CallID, _ row: LockedCall?, _ settlement: Settlement, _ closing: Closing) {
        self.init(
            id: id,
            userID: settlement.call.userID,
            groupID: settlement.hold.groupID,
            multiplier: settlement.hold.multiplier,
            estimatedInputPrice: settlement.call.estimatedInputPrice,
            parts: closing.parts,
            state: closing.state,
            flags: (row?.flags ?? []).union(settlement.result.flags).union(closing.flags),
            charge: closing.charge
        )
    }
}
