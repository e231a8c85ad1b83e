import Domain

/// What began and ended since a mark. What runs has an index; each call that ended has its leaf, and leaves of a replica are
/// counted on: nothing is read twice, and nothing of a table's length.
enum CallNewsRows {
    /// Calls that ended, looked at in one reading; older ones are passed over.
    static let mostEnded: Int64 = 2_000
    /// Calls that began and run.
    private static let mostOpen = 200
    /// Rows of leaves of a replica.
    private static let mostLeaves = 512

    private static let columns = "id, state, user_id, key_id, model_id, provider_id, group_id"
    static let selectNewest = "SELECT id FROM api_requests ORDER BY id DESC LIMIT 1"
    static let selectOpen =
        "SELECT \(columns) FROM api_requests WHERE state IN (0, 3) AND id >= ? ORDER BY id DESC LIMIT \(mostOpen)"
    private static let selectReplicas = "SELECT id FROM replicas WHERE ended_at IS NULL"
    static let selectLeaves =
        "SELECT number, count, kind FROM audit_leaves WHERE replica_id = ? AND number >= ? ORDER BY number DESC LIMIT \(mostLeaves)"
    static let selectData =
        "SELECT data FROM audit_leaves WHERE replica_id = ? AND number >= ? AND kind = 1 ORDER BY number"
    private static let selectEnded = SizedSQL {
        "SELECT \(columns) FROM api_requests WHERE id IN (\(SizedSQL.list("?", $0)))"
    }
    private static let selectCalls = SizedSQL {
        "\(CallRecords.select) WHERE r.id IN (\(SizedSQL.list("?", $0)))"
    }

    /// - Parameters:
    ///   - mark: nil: from now on; nothing is news yet.
    ///   - choose: which of the calls are to be read whole.
    static func since(
        _ mark: CallMark?,
        choosing choose: ([CallGlance]) -> [CallID],
        _ connection: any SQLConnection
    ) throws -> CallNews {
        var next = mark ?? CallMark()
        let (ids, unread) = try ended(since: &next, isFirst: mark == nil, connection)
        var found: [CallID: CallGlance] = [:]
        try selectEnded.query(ids, connection, bind: { $1.bind($0, at: $2) }) { row in
            if let glance = glance(row) { found[glance.id] = glance }
        }
        let newest = try connection.query(selectNewest) { $0.callID(0) }.first ?? nil
        if mark == nil { _ = next.advance(newest: newest, open: [], ended: []) }
        let open = try connection.query(selectOpen, SQLValue(next.window), row: glance).compactMap(\.self)
        let news = next.advance(newest: newest, open: open.reversed(), ended: ids.compactMap { found[$0] })
        guard mark != nil else { return CallNews(mark: next, glances: [], calls: [], unread: 0) }
        var calls: [CallRecord] = []
        try selectCalls.query(choose(news), connection, bind: { $1.bind($0, at: $2) }) { row in
            if let call = CallRecords.call(row) { calls.append(call) }
        }
        return CallNews(mark: next, glances: news, calls: calls, unread: unread)
    }

    /// The ids of calls that ended, by their leaves; a replica that is new has all of its leaves to be told.
    private static func ended(
        since mark: inout CallMark,
        isFirst: Bool,
        _ connection: any SQLConnection
    ) throws -> (ids: [CallID], unread: Int64) {
        // Replica 0 is everybody who is no server. One that has ended may have left its last leaves just now.
        let running = try connection.query(selectReplicas) { ReplicaID($0.int64(0)) } + [ReplicaID(0)]
        var ids: [CallID] = []
        var (left, unread) = (mostEnded, Int64(0))
        for replica in Set(running).union(mark.nextLeaves.keys).sorted(by: { $0.rawValue < $1.rawValue }) {
            let end = try AuditLeaves.next(of: replica, connection)
            defer { mark.nextLeaves[replica] = running.contains(replica) ? end : nil }
            // A standby that was promoted may lack leaves that had been told of.
            let first = mark.nextLeaves[replica] ?? 0
            guard !isFirst, first < end else { continue }
            let rows = try connection.query(selectLeaves, SQLValue(replica), .integer(first)) {
                LeafSpan(first: $0.int64(0), count: $0.int64(1), isBills: $0.int64(2) == 1)
            }
            let range = LeafSpan.newest(rows, since: first, most: left)
            unread += range.unread
            guard let start = range.first else { continue }
            let found = try connection.query(selectData, SQLValue(replica), .integer(start)) { row in
                row.bytes(0, AuditLeaves.calls)
            }
            ids += found.joined()
            left -= range.count
        }
        return (ids, unread)
    }

    private static func glance(_ row: any SQLStatement) -> CallGlance? {
        guard let id = row.callID(0), let state = CallState(rawValue: row.int64(1)) else { return nil }
        return CallGlance(
            id: id,
            hasEnded: state == .captured || state == .voided,
            userID: row.id(2),
            keyID: row.id(3),
            modelID: row.id(4),
            providerID: row.id(5),
            groupID: row.id(6)
        )
    }
}
