import Domain

/// What corrections and refunds did to calls, read in the order of the calls' ids.
struct Corrections {
    private let rows: any SQLStatement
    private var next: (id: CallID, kind: EntryKind?, isGrant: Bool, amount: Int128)?

    init(_ connection: any SQLConnection) throws {
        rows = try connection.prepare(
            "SELECT call_id, kind, lane, amount FROM ledger_entries WHERE call_id IS NOT NULL ORDER BY call_id"
        )
        try advance()
    }

    private mutating func advance() throws {
        next = nil
        while next == nil, try rows.step() {
            guard let id = rows.callID(0) else { continue }
            next = (id, EntryKind(rawValue: rows.int64(1)), rows.int64(2) == 1, Int128(rows.int64(3)))
        }
    }

    /// - Returns: the calls of entries before `id`, each once; all that are left for nil.
    mutating func skip(to id: CallID?) throws -> [CallID] {
        var strays: [CallID] = []
        while let entry = next, id.map({ entry.id < $0 }) ?? true {
            if strays.last != entry.id, strays.count < VerifyReport.differenceLimit { strays.append(entry.id) }
            try advance()
        }
        return strays
    }

    /// Σ of a call's corrections, and of its refunds as a positive amount, over its grants.
    mutating func take(_ id: CallID) throws -> (correction: Int128, refunded: Int128) {
        var sums: (Int128, Int128) = (0, 0)
        while let entry = next, entry.id == id {
            if entry.isGrant, entry.kind == .correction { sums.0 += entry.amount }
            if entry.isGrant, entry.kind == .refund { sums.1 -= entry.amount }
            try advance()
        }
        return sums
    }

    func end() { rows.reset() }
}
