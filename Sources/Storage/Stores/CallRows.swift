import Domain

/// The call's row: hold, intent and bill in one. Inserted when admitted, updated once when closed.
enum CallRows {
    private static let intentColumns =
        "id, state, replica_id, user_id, key_id, model_id, route_id, provider_id, group_id, price_version_id, price_multiplier, endpoint, is_streamed, hold, parts, output_limit, estimated_input_tokens, estimated_input_price, created_at, ip_address, user_agent_id, client_request_id"
    private static let billColumns =
        "\(TokenColumns.names), provenance, charge, cost, excess, flags, status_code, duration_ms, first_byte_ms, ended_at, leaf"

    private static let insertOpen =
        "INSERT INTO api_requests (\(intentColumns)) VALUES (\(marks(22)))"
    private static let insertClosed =
        "INSERT INTO api_requests (\(intentColumns), \(billColumns)) VALUES (\(marks(41)))"
    // `+` keeps these from the index of what is open, which a planner without statistics would read whole for a few rows.
    private static let close =
        "UPDATE api_requests SET state = ?, "
        + billColumns.split(separator: ", ").map { "\($0) = ?" }.joined(separator: ", ")
        + " WHERE id = ? AND +state IN (0, 3)"
    private static let closeByPolicy =
        "UPDATE api_requests SET state = ?, charge = ?, flags = ?, ended_at = ?, leaf = ? WHERE id = ? AND +state IN (0, 3)"
    private static let correct =
        "UPDATE api_requests SET state = ?, "
        + billColumns.split(separator: ", ").map { "\($0) = ?" }.joined(separator: ", ") + " WHERE id = ?"
    private static let lock = SizedSQL {
        "SELECT id, user_id, group_id, price_multiplier, estimated_input_price, parts, state, flags, charge FROM api_requests WHERE id IN (\(SizedSQL.list("?", $0))) ORDER BY id FOR UPDATE"
    }
    private static let lockUnlocked = lock.skippingLocked
    private static let isThere = "SELECT 1 FROM api_requests WHERE id = ?"
    private static let entrySums =
        "SELECT COALESCE(SUM(CASE WHEN kind = 6 THEN amount END), 0), COALESCE(SUM(CASE WHEN kind = 7 THEN -amount END), 0) FROM ledger_entries WHERE call_id = ? AND lane = 1"
    private static let insertUsage = "INSERT INTO api_request_usage (call_id, usage) VALUES (?, ?)"
    private static let replaceUsage = insertUsage + " ON CONFLICT (call_id) DO UPDATE SET usage = excluded.usage"

    private static func marks(_ count: Int) -> String { Array(repeating: "?", count: count).joined(separator: ", ") }

    /// An admitted call. - Throws: `StorageError.constraint` if the id is there already.
    static func insert(
        _ call: CallIntent,
        hold: Hold,
        replica: ReplicaID,
        userAgent: Int64,
        scratch: inout [UInt8],
        _ connection: any SQLConnection
    ) throws {
        let statement = try connection.prepare(insertOpen)
        bind(call, hold: hold, state: .open, replica: replica, userAgent: userAgent, scratch: &scratch, to: statement)
        try statement.enqueue(changing: 1)
    }

    /// A call whose row was lost, written whole.
    static func insertClosed(
        _ settlement: Settlement,
        closing: Closing,
        replica: ReplicaID,
        userAgent: Int64,
        leaf: Int64,
        scratch: inout [UInt8],
        _ connection: any SQLConnection
    ) throws {
        let statement = try connection.prepare(insertClosed)
        let hold = Hold(
            groupID: settlement.hold.groupID,
            multiplier: settlement.hold.multiplier,
            amount: settlement.hold.amount,
            outputLimit: settlement.hold.outputLimit,
            isClamped: settlement.hold.isClamped,
            parts: closing.parts
        )
        bind(
            settlement.call,
            hold: hold,
            state: closing.state,
            replica: replica,
            userAgent: userAgent,
            scratch: &scratch,
            to: statement
        )
        bind(settlement.result, closing: closing, charge: closing.charge, leaf: leaf, from: 23, to: statement)
        try statement.enqueue(changing: 1)
    }

    /// Open or uncertain → closed. - Throws: `StorageError.misuse`, now or at the flush, if the row is not there or closed.
    static func close(
        _ settlement: Settlement,
        closing: Closing,
        leaf: Int64,
        _ connection: any SQLConnection
    ) throws {
        let statement = try connection.prepare(close)
        statement.bind(closing.state.rawValue, at: 1)
        bind(settlement.result, closing: closing, charge: closing.charge, leaf: leaf, from: 2, to: statement)
        statement.bind(settlement.call.id, at: 21)
        try statement.enqueue(changing: 1)
    }

    /// A policy's closing of a call whose process died. - Throws: as the other.
    static func close(
        _ id: CallID,
        closing: Closing,
        flags: BillFlags,
        leaf: Int64,
        now: Instant,
        _ connection: any SQLConnection
    ) throws {
        let statement = try connection.prepare(closeByPolicy)
        statement.bind(closing.state.rawValue, at: 1)
        statement.bind(closing.charge.picoDollars, at: 2)
        statement.bind(flags.rawValue, at: 3)
        statement.bind(now.microseconds, at: 4)
        statement.bind(leaf, at: 5)
        statement.bind(id, at: 6)
        try statement.enqueue(changing: 1)
    }

    /// The bill of a settlement that came after a policy. The charge stays as the policy closed it: what it became is
    /// the charge and the correction's entries together.
    static func correct(
        _ settlement: Settlement,
        row: LockedCall,
        closing: Closing,
        leaf: Int64,
        _ connection: any SQLConnection
    ) throws {
        let statement = try connection.prepare(correct)
        statement.bind(closing.state.rawValue, at: 1)
        bind(settlement.result, closing: closing, charge: row.charge, leaf: leaf, from: 2, to: statement)
        statement.bind(row.flags.union(closing.flags).union(settlement.result.flags).rawValue, at: 15)
        statement.bind(settlement.call.id, at: 21)
        try statement.enqueue(changing: 1)
    }

    static func locked(_ id: CallID, _ connection: any SQLConnection) throws -> LockedCall? {
        try locked([id], connection)[id]
    }

    static func isThere(_ id: CallID, _ connection: any SQLConnection) throws -> Bool {
        let statement = try connection.prepare(isThere)
        defer { statement.reset() }
        statement.bind(id, at: 1)
        return try statement.step()
    }

    /// Locks rows in the order of their ids, and reads them. - Parameter skipsLocked: leaves out what others have locked.
    static func locked(
        _ ids: [CallID],
        skipsLocked: Bool = false,
        _ connection: any SQLConnection
    ) throws -> [CallID: LockedCall] {
        var rows: [CallID: LockedCall] = [:]
        try (skipsLocked ? lockUnlocked : lock).query(ids.sorted(), connection, bind: { $1.bind($0, at: $2) }) {
            statement in
            guard let id = statement.callID(0), let parts = statement.bytes(5, HoldParts.decode),
                let state = CallState(rawValue: statement.int64(6)),
                let multiplier = try? Multiplier(basisPoints: statement.int64(3))
            else {
                throw StorageError.constraint("the row of call \(statement.callID(0)?.description ?? "?") is damaged")
            }
            rows[id] = LockedCall(
                id: id,
                userID: statement.id(1),
                groupID: statement.id(2),
                multiplier: multiplier,
                estimatedInputPrice: statement.money(4),
                parts: parts,
                state: state,
                flags: BillFlags(rawValue: statement.int64(7)),
                charge: statement.money(8)
            )
        }
        for (id, row) in rows where row.state == .captured || row.state == .voided {
            let sums = try connection.prepare(entrySums)
            defer { sums.reset() }
            sums.bind(id, at: 1)
            guard try sums.step() else { continue }
            rows[id] = row.with(correction: sums.money(0), refunded: sums.money(1))
        }
        return rows
    }

    /// - Parameter isFirst: the call was never closed before, so that it has none yet.
    static func keep(rawUsage: [UInt8], of id: CallID, isFirst: Bool, _ connection: any SQLConnection) throws {
        let statement = try connection.prepare(isFirst ? insertUsage : replaceUsage)
        statement.bind(id, at: 1)
        rawUsage.withUnsafeBytes { statement.bind($0, at: 2) }
        try statement.enqueue()
    }

    // MARK: - Binding

    private static func bind(
        _ call: CallIntent,
        hold: Hold,
        state: CallState,
        replica: ReplicaID,
        userAgent: Int64,
        scratch: inout [UInt8],
        to statement: any SQLStatement
    ) {
        HoldParts.encode(hold.parts, into: &scratch)
        statement.bind(call.id, at: 1)
        statement.bind(state.rawValue, at: 2)
        statement.bind(replica.rawValue, at: 3)
        statement.bind(call.userID.rawValue, at: 4)
        statement.bind(call.keyID.rawValue, at: 5)
        statement.bind(call.modelID.rawValue, at: 6)
        statement.bind(call.routeID.rawValue, at: 7)
        statement.bind(call.providerID.rawValue, at: 8)
        statement.bind(hold.groupID.rawValue, at: 9)
        statement.bind(call.priceVersionID.rawValue, at: 10)
        statement.bind(hold.multiplier.basisPoints, at: 11)
        statement.bind(call.endpoint.rawValue, at: 12)
        statement.bind(call.isStreamed ? 1 : 0, at: 13)
        statement.bind(hold.amount.picoDollars, at: 14)
        scratch.withUnsafeBytes { statement.bind($0, at: 15) }
        statement.bind(hold.outputLimit, at: 16)
        statement.bind(call.estimatedInputTokens, at: 17)
        statement.bind(call.estimatedInputPrice.picoDollars, at: 18)
        statement.bind(call.startedAt.microseconds, at: 19)
        statement.bind(call.clientAddress, at: 20)
        statement.bind(userAgent, at: 21)
        statement.bind(call.clientRequestID, at: 22)
    }

    private static func bind(
        _ result: CallResult,
        closing: Closing,
        charge: Money,
        leaf: Int64,
        from first: Int,
        to statement: any SQLStatement
    ) {
        for tokenClass in TokenClass.allCases {
            statement.bind(result.usage[tokenClass], at: first + tokenClass.rawValue)
        }
        statement.bind(result.usage.packedProvenance, at: first + 9)
        statement.bind(charge.picoDollars, at: first + 10)
        statement.bind(result.cost.picoDollars, at: first + 11)
        statement.bind(closing.excess.picoDollars, at: first + 12)
        statement.bind(result.flags.union(closing.flags).rawValue, at: first + 13)
        statement.bind(Int64(result.statusCode), at: first + 14)
        statement.bind(result.durationMilliseconds, at: first + 15)
        statement.bind(result.firstByteMilliseconds, at: first + 16)
        statement.bind(result.endedAt.microseconds, at: first + 17)
        statement.bind(leaf, at: first + 18)
    }
}

extension LockedCall {
    /// The same row with what its entries say.
    fileprivate func with(correction: Money, refunded: Money) -> LockedCall {
        LockedCall(
            id: id,
            userID: userID,
            groupID: groupID,
            multiplier: multiplier,
            estimatedInputPrice: estimatedInputPrice,
            parts: parts,
            state: state,
            flags: flags,
            charge: charge,
            correction: correction,
            refunded: refunded
        )
    }
}
