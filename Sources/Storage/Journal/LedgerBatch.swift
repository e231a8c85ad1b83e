import Domain

/// One ledger transaction's work: settlements first, then admissions, decided by Domain against the locked balances.
///
/// Nothing leaves it before the caller has committed: a failed batch is dropped with all it counted.
struct LedgerBatch {
    /// Kept by the one writer from batch to batch.
    struct Memory {
        let replica: ReplicaID
        var nextLeaf: Int64 = 0
        /// Texts whose rows are committed.
        var userAgents: [String: Int64] = [:]
        var scratch: [UInt8] = []
        var keepsRawUsage = true
        var cacheSavings = CacheSavings()

        init(replica: ReplicaID) { self.replica = replica }
    }

    private let connection: any SQLConnection
    private let now: Instant
    private(set) var memory: Memory
    private var balances: Balances
    private var rollups = Rollups()
    private var leaves: AuditLeaves
    private var loaded: Set<Holder> = []

    private struct Holder: Hashable {
        let userID: UserID
        let groupID: ModelGroupID
    }

    init(_ connection: any SQLConnection, memory: Memory, now: Instant) {
        self.connection = connection
        self.now = now
        self.memory = memory
        balances = Balances(minimumCapacity: 8)
        leaves = AuditLeaves(replica: memory.replica, first: memory.nextLeaf)
    }

    /// Closes a call.
    /// - Parameter isOpen: the caller knows the row to be open (it admitted it and nobody closed it since), which spares
    ///   reading it; if the row disagrees this throws and the batch must be done again without that knowledge.
    mutating func settle(_ settlement: Settlement, isOpen: Bool) throws -> Closing {
        let id = settlement.call.id
        let row: LockedCall?
        if isOpen {
            row = LockedCall(
                id: id,
                userID: settlement.call.userID,
                groupID: settlement.hold.groupID,
                multiplier: settlement.hold.multiplier,
                estimatedInputPrice: settlement.call.estimatedInputPrice,
                parts: settlement.hold.parts,
                state: .open
            )
        } else {
            row = try CallRows.locked(id, connection)
        }
        for part in row?.parts ?? settlement.hold.parts { try LaneRows.load(part.lane, into: &balances, connection) }
        if row?.state != .open, row?.state != .uncertain {
            try load(settlement.call.userID, settlement.hold.groupID)
        }
        let closing = try balances.close(settlement, row: row, now: now)
        switch closing.action {
        case .none: return closing
        case .close:
            guard try CallRows.close(settlement, closing: closing, leaf: leaves.next, connection) else {
                throw StorageError.misuse("a call was closed under its lock")
            }
        case .correct:
            guard let row else { throw StorageError.misuse("a correction without a row") }
            try CallRows.correct(settlement, row: row, closing: closing, leaf: leaves.next, connection)
        case .insert:
            let agent = try userAgent(settlement.call.userAgent)
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
            )
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
        for candidate in request.candidates { try load(request.call.userID, candidate.groupID) }
        if request.hasSpendingLimit { try LaneRows.load(.key(request.call.keyID), into: &balances, connection) }
        let admission = balances.admit(request, now: now)
        guard case .held(let hold) = admission else { return admission }
        let agent = try userAgent(request.call.userAgent)
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
        guard let row = try CallRows.locked(open.call.id, connection) else {
            throw StorageError.misuse("an open call has no row")
        }
        for part in row.parts { try LaneRows.load(part.lane, into: &balances, connection) }
        let closing = try balances.resolve(row, by: policy, now: now)
        guard closing.action == .close else { return closing }
        let flags = row.flags.union(closing.flags)
        guard try CallRows.close(open.call.id, closing: closing, flags: flags, leaf: leaves.next, now: now, connection)
        else {
            throw StorageError.misuse("a call was closed under its lock")
        }
        try append(closing.entries, of: open.call.id, reason: "held on a grant that has ended since")
        leaves.append(BillLeaf(open, row: row, closing: closing, flags: flags, now: now))
        rollups.addResolved(open.call, group: row.groupID, closing: closing, now: now)
        return closing
    }

    /// Writes balances, roll-ups and leaves. - Returns: the memory to keep once the commit is through.
    mutating func finish() throws -> Memory {
        try LaneRows.save(balances, connection)
        try rollups.flush(replica: memory.replica, connection)
        try leaves.flush(now: now, connection)
        memory.nextLeaf = leaves.next
        return memory
    }

    private mutating func load(_ userID: UserID, _ groupID: ModelGroupID) throws {
        guard loaded.insert(Holder(userID: userID, groupID: groupID)).inserted else { return }
        try LaneRows.load(holder: userID, groupID, endingAfter: now, into: &balances, connection)
    }

    private mutating func userAgent(_ text: String) throws -> Int64 {
        if let id = memory.userAgents[text] { return id }
        let clipped = UserAgentRows.clip(text)
        if let id = memory.userAgents[clipped] { return id }
        let id = try UserAgentRows.id(of: clipped, connection)
        // Clients can make up any number of names; the memory of them is bounded.
        if memory.userAgents.count >= 4_096 { memory.userAgents.removeAll(keepingCapacity: true) }
        memory.userAgents[clipped] = id
        return id
    }
}
