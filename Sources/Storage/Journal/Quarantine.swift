package import Domain

/// What an operator does with records that could not be booked.
///
/// A record is booked in the transaction that takes it out of quarantine: safe beside a running server, idempotent.
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
        /// Another version wrote it: this one cannot book it, only void it.
        case unreadable
    }

    private let database: any Database
    private let clock: @Sendable () -> Instant

    package init(database: any Database, now: @escaping @Sendable () -> Instant) {
        self.database = database
        clock = now
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

    /// Books the settlement again; a call without one is closed by `policy`.
    /// - Throws: what refused it, and then the record stays and the hold with it.
    package func retry(_ id: CallID, policy: UncertainPolicy) throws -> Outcome {
        try decide(id, act: "retry") { record, batch, connection in
            if record.isEmpty { return try Self.close(id, by: policy, &batch, connection) }
            guard let settlement = SettlementCoding.decode(record) else { return .unreadable }
            return Outcome(try batch.settle(settlement, isOpen: false))
        }
    }

    /// Ends the call without a charge; what it held goes back.
    /// - Throws: `LedgerError` where a lane of the call's is damaged: nothing may be given back to it before that is mended.
    package func void(_ id: CallID) throws -> Outcome {
        try decide(id, act: "void") { record, batch, connection in
            guard let settlement = SettlementCoding.decode(record) else {
                return try Self.close(id, by: .void, &batch, connection)
            }
            let result = settlement.result
            let voided = CallResult(
                outcome: .voided,
                usage: result.usage,
                charge: .zero,
                cost: result.cost,
                flags: result.flags.union(.unknownCost),
                statusCode: result.statusCode,
                endedAt: result.endedAt,
                durationMilliseconds: result.durationMilliseconds,
                firstByteMilliseconds: result.firstByteMilliseconds,
                // It may be what could not be written; nobody needs it to explain a bill of nothing.
                rawUsage: nil
            )
            return Outcome(
                try batch.settle(
                    Settlement(call: settlement.call, hold: settlement.hold, result: voided),
                    isOpen: false
                )
            )
        }
    }

    /// Closes a call that has no settlement, where it is still open.
    private static func close(
        _ id: CallID,
        by policy: UncertainPolicy,
        _ batch: inout LedgerBatch,
        _ connection: any SQLConnection
    ) throws -> Outcome {
        guard let open = try OpenCall.find(id, connection) else { return .alreadyClosed }
        return Outcome(try batch.resolve(open, by: policy))
    }

    private func decide(
        _ id: CallID,
        act: String,
        _ book: ([UInt8], inout LedgerBatch, any SQLConnection) throws -> Outcome
    ) throws -> Outcome {
        try database.write { connection in
            let records = try connection.query("SELECT record FROM quarantine WHERE call_id = ?", SQLValue(id)) {
                $0.blob(0)
            }
            guard let record = records.first else { return .unknown }
            // Replica 0 is everybody who is no server; its leaves are numbered under the lock.
            var memory = LedgerBatch.Memory(replica: ReplicaID(0))
            memory.nextLeaf = try AuditLeaves.next(of: memory.replica, connection)
            var needs = LedgerBatch.Needs()
            if let settlement = SettlementCoding.decode(record) {
                needs.settle(settlement, isOpen: false)
            } else {
                needs.resolve(id)
            }
            var batch = try LedgerBatch(connection, memory: memory, needs: needs) {
                try LedgerTime.now(clock, connection)
            }
            let now = batch.time
            let outcome = try book(record, &batch, connection)
            guard outcome != .unreadable else { return outcome }
            _ = try batch.finish()
            try connection.execute("DELETE FROM quarantine WHERE call_id = ?", SQLValue(id))
            try AuditLeaves.append(
                act: "{\"act\":\"ledger quarantine \(act)\",\"call\":\"\(id)\",\"at\":\"\(now)\"}",
                now: now,
                connection
            )
            return outcome
        }
    }
}

extension Quarantine.Outcome {
    fileprivate init(_ closing: Closing) { self = closing.action == .none ? .alreadyClosed : .booked }
}
