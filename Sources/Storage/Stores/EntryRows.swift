import Domain

/// Entries of the ledger as they are read.
enum EntryRows {
    static let columns = "id, lane, lane_id, kind, amount, call_id, reason, actor, created_at"

    /// Nil for a kind that a newer program wrote.
    static func entry(_ row: any SQLStatement) -> EntryRecord? {
        guard let lane = Lane(kind: row.int64(1), id: row.int64(2)), let kind = EntryKind(rawValue: row.int64(3)) else {
            return nil
        }
        return EntryRecord(
            id: row.int64(0),
            entry: Entry(lane: lane, kind: kind, amount: row.money(4)),
            callID: row.isNull(5) ? nil : row.callID(5),
            reason: row.text(6),
            actor: row.text(7),
            at: row.instant(8)
        )
    }
}
