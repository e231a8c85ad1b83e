import Domain
package import Logging

/// What a start found of processes that died, and what became of it.
package struct RecoverySummary: Hashable, Sendable {
    package var deadReplicas = 0
    package var spooledSettlements = 0
    /// Open calls that a policy closed.
    package var resolvedCalls = 0
}

/// Closes what dead processes left open: first what their spools hold, exactly; then the rest, by policy.
///
/// On an embedded database the lock beside it proves that no other server lives. Every step is idempotent: a process that
/// dies here is itself recovered from by the next.
enum Recovery {
    static func run(
        _ database: SQLiteDatabase,
        replica: ReplicaID,
        spoolDirectoryOf spoolPath: (ReplicaID) -> String,
        policy: UncertainPolicy,
        logger: Logger,
        now: Instant
    ) throws -> RecoverySummary {
        var summary = RecoverySummary()
        let dead = try database.read { connection in
            try connection.query(
                "SELECT id FROM replicas WHERE ended_at IS NULL AND id <> ? ORDER BY id",
                SQLValue(replica)
            ) { $0.id(0, ReplicaID.self) }
        }
        var nextLeaf: Int64 = 0
        for deadReplica in dead {
            summary.deadReplicas += 1
            let count = try Spool.replay(path: spoolPath(deadReplica)) { records in
                for record in records {
                    guard let settlement = SettlementCoding.decode(record) else {
                        logger.critical("a spooled settlement is unreadable", metadata: ["replica": "\(deadReplica)"])
                        continue
                    }
                    nextLeaf = try database.write { connection in
                        var memory = LedgerBatch.Memory(replica: replica)
                        memory.nextLeaf = nextLeaf
                        var batch = LedgerBatch(connection, memory: memory, now: now)
                        _ = try batch.settle(settlement, isOpen: false)
                        return try batch.finish().nextLeaf
                    }
                }
            }
            summary.spooledSettlements += count ?? 0

            try database.write { connection in
                try connection.execute(
                    "UPDATE api_requests SET state = 3 WHERE state = 0 AND replica_id = ?",
                    SQLValue(deadReplica)
                )
            }
            Failpoint.hit("recovery.marked")
            while true {
                let open = try database.read { try openCalls(of: deadReplica, $0) }
                if open.isEmpty { break }
                nextLeaf = try database.write { connection in
                    var memory = LedgerBatch.Memory(replica: replica)
                    memory.nextLeaf = nextLeaf
                    var batch = LedgerBatch(connection, memory: memory, now: now)
                    for call in open { _ = try batch.resolve(call, by: policy) }
                    return try batch.finish().nextLeaf
                }
                Failpoint.hit("recovery.resolved")
                summary.resolvedCalls += open.count
                logger.info("calls of a dead process resolved", metadata: ["count": "\(summary.resolvedCalls)"])
            }
            try database.write { connection in
                try connection.execute(
                    "UPDATE replicas SET ended_at = ? WHERE id = ?",
                    SQLValue(now),
                    SQLValue(deadReplica)
                )
            }
        }
        return summary
    }

    private static func openCalls(of replica: ReplicaID, _ connection: any SQLConnection) throws -> [OpenCall] {
        try connection.query(
            "SELECT id, user_id, key_id, model_id, route_id, provider_id, price_version_id, endpoint, is_streamed, estimated_input_tokens, estimated_input_price, created_at, hold FROM api_requests WHERE state = 3 AND replica_id = ? AND id NOT IN (SELECT call_id FROM quarantine) ORDER BY id LIMIT 128",
            SQLValue(replica)
        ) { row -> OpenCall? in
            guard let id = row.callID(0), let endpoint = Endpoint(rawValue: row.int64(7)) else { return nil }
            return OpenCall(
                call: CallIntent(
                    id: id,
                    userID: row.id(1),
                    keyID: row.id(2),
                    modelID: row.id(3),
                    routeID: row.id(4),
                    providerID: row.id(5),
                    priceVersionID: row.id(6),
                    endpoint: endpoint,
                    isStreamed: row.bool(8),
                    estimatedInputTokens: row.int64(9),
                    estimatedInputPrice: row.money(10),
                    startedAt: row.instant(11),
                    clientAddress: "",
                    userAgent: ""
                ),
                hold: row.money(12)
            )
        }.compactMap(\.self)
    }
}
