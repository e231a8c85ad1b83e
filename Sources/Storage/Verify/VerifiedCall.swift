import Domain

/// A call's row as `ledger verify` reads it: its bill as the leaf has it, and what else the row says.
struct VerifiedCall {
    static let columns =
        "id, state, replica_id, user_id, key_id, model_id, route_id, provider_id, group_id, price_version_id, price_multiplier, endpoint, is_streamed, hold, parts, output_limit, estimated_input_tokens, estimated_input_price, created_at, \(TokenColumns.names), provenance, charge, cost, excess, flags, status_code, duration_ms, first_byte_ms, ended_at, leaf, method"

    var bill: BillLeaf
    let replica: ReplicaID
    let leafNumber: Int64?
    /// The row holds just what was read of it: nothing was capped or rounded on the way, which a leaf could not tell.
    let isExact: Bool

    var isOpen: Bool { bill.state == .open || bill.state == .uncertain }
    var isByPolicy: Bool { bill.flags.contains(.chargedByPolicy) }
    var isCorrected: Bool { bill.flags.contains(.corrected) }
    var isOrphan: Bool { bill.flags.contains(.orphan) }

    /// A call with its correction.
    /// - Parameter owner: another user's is nil, after as many looks as one that is not there.
    /// - Returns: nil where there is no row; of a row that is no call, that there is none in it.
    static func read(_ id: CallID, of owner: UserID? = nil, _ connection: any SQLConnection) throws -> VerifiedCall?? {
        let rows = try connection.query("SELECT \(columns) FROM api_requests WHERE id = ?", SQLValue(id)) { row in
            (call: VerifiedCall(row), user: row.id(3, UserID.self))
        }
        guard let row = rows.first, owner == nil || row.user == owner else { return nil }
        guard var call = row.call else { return .some(nil) }
        let correction = try connection.query(
            "SELECT COALESCE(SUM(amount), 0) FROM ledger_entries WHERE call_id = ? AND lane = 1 AND kind = 6",
            SQLValue(id)
        ) { $0.int64(0) }
        call.bill.correction = Money(picoDollars: correction.first ?? 0)
        return call
    }

    /// - Returns: nil for a row that is no call.
    init?(_ row: any SQLStatement) {
        guard let id = row.callID(0), let state = CallState(rawValue: row.int64(1)),
            let parts = row.bytes(14, HoldParts.decode), let multiplier = try? Multiplier(basisPoints: row.int64(10))
        else { return nil }
        replica = row.id(2)
        leafNumber = row.optionalInt64(37)
        let usage = TokenColumns.usage(row, from: 19, provenance: 28)
        isExact =
            TokenClass.allCases.allSatisfy { row.int64(19 + $0.rawValue) == usage[$0] }
            && row.int64(28) == usage.packedProvenance && (0...1).contains(row.int64(12))
            && row.optionalInt64(35).map { $0 >= 0 } ?? true && row.int64(38) == 1
            && row.isNull(36) == (state == .open || state == .uncertain)
        bill = BillLeaf(
            id: id,
            userID: row.id(3),
            keyID: row.id(4),
            modelID: row.id(5),
            routeID: row.id(6),
            providerID: row.id(7),
            groupID: row.id(8),
            priceVersionID: row.id(9),
            multiplier: multiplier,
            endpoint: row.int64(11),
            isStreamed: row.bool(12),
            hold: row.money(13),
            parts: parts,
            outputLimit: row.int64(15),
            estimatedInputTokens: row.int64(16),
            estimatedInputPrice: row.money(17),
            startedAt: row.instant(18),
            state: state,
            usage: usage,
            charge: row.money(29),
            correction: .zero,
            cost: row.money(30),
            excess: row.money(31),
            flags: BillFlags(rawValue: row.int64(32)),
            statusCode: row.int64(33),
            durationMilliseconds: row.int64(34),
            firstByteMilliseconds: row.optionalInt64(35),
            endedAt: row.instant(36)
        )
    }
}
