package import Domain

/// What an operator does with records that could not be booked.
///
/// A settlement is booked in the transaction that takes it out of quarantine: safe beside a running server, idempotent.
package struct Quarantine: Sendable {
    package struct Record: Hashable, Sendable {
        package let id: CallID
        /// An open call that no policy could close has none.
        package let hasSettlement: Bool
        package let cause: String
        package let at: Instant
    }

    package enum Outcome: Hashable, Sendable {
        case booked
        /// Its call had been closed already; the record is gone.
        case alreadyClosed
        /// There is no such record.
        case unknown
        /// It stands for an open call that no policy could close; there is no settlement to book.
        case noSettlement
    }

    private let database: any Database
    private let now: @Sendable () -> Instant

    package init(database: any Database, now: @escaping @Sendable () -> Instant) {
        self.database = database
        self.now = now
    }

    package func list() throws -> [Record] {
        try database.read { connection in
            try connection.query("SELECT call_id, length(record), cause, created_at FROM quarantine ORDER BY id") {
                row in
                row.callID(0).map {
                    Record(id: $0, hasSettlement: row.int64(1) > 0, cause: row.text(2), at: row.instant(3))
                }
            }.compactMap(\.self)
        }
    }

    /// Books the settlement again. - Throws: what refused it, and then the record stays.
    package func retry(_ id: CallID) throws -> Outcome { try book(id, act: "retry") { $0 } }

    /// Ends the call without a charge; what it held goes back.
    package func void(_ id: CallID) throws -> Outcome {
        try book(id, act: "void") { settlement in
            let result = settlement.result
            return Settlement(
                call: settlement.call,
                hold: settlement.hold,
                result: CallResult(
                    outcome: .voided,
                    usage: result.usage,
                    charge: .zero,
                    cost: result.cost,
                    flags: result.flags.union(.unknownCost),
                    statusCode: result.statusCode,
                    endedAt: result.endedAt,
                    durationMilliseconds: result.durationMilliseconds,
                    firstByteMilliseconds: result.firstByteMilliseconds,
                    rawUsage: result.rawUsage
                )
            )
        }
    }

    private func book(_ id: CallID, act: String, _ change: (Settlement) -> Settlement) throws -> Outcome {
        let now = now()
        return try database.write { connection in
            let records = try connection.query("SELECT record FROM quarantine WHERE call_id = ?", SQLValue(id)) {
                $0.blob(0)
            }
            guard let record = records.first else { return .unknown }
            guard let settlement = SettlementCoding.decode(record) else { return .noSettlement }
            // Replica 0 is everybody who is no server; its leaves are numbered under the lock.
            var memory = LedgerBatch.Memory(replica: ReplicaID(0))
            memory.nextLeaf =
                try connection.query("SELECT COALESCE(MAX(number + count), 0) FROM audit_leaves WHERE replica_id = 0") {
                    $0.int64(0)
                }.first ?? 0
            var batch = LedgerBatch(connection, memory: memory, now: now)
            let closing = try batch.settle(change(settlement), isOpen: false)
            _ = try batch.finish()
            try connection.execute("DELETE FROM quarantine WHERE call_id = ?", SQLValue(id))
            try AuditLeaves.append(
                act: "{\"act\":\"ledger quarantine \(act)\",\"call\":\"\(id)\",\"at\":\"\(now)\"}",
                now: now,
                connection
            )
            return closing.action == .none ? .alreadyClosed : .booked
        }
    }
}
