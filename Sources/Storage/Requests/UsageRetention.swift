package import Domain

/// Takes away raw usage whose time is over. Bills and all that proves them stay: nothing is derived from raw usage.
package struct UsageRetention: Sendable {
    package struct Step: Sendable {
        /// Dropped whole, where the table has ranges.
        package let ranges: [String]
        package let rows: Int
        package let hasMore: Bool
    }

    /// Each step deletes so many in a transaction of its own, which no settlement waits for longer than a millisecond.
    private static let rowsAtOnce = 128

    private let database: any Database
    private let upkeep: PartitionUpkeep?
    private let clock: @Sendable () -> Instant

    package init(database: any Database, clock: @escaping @Sendable () -> Instant) {
        self.database = database
        upkeep = PartitionUpkeep(database)
        self.clock = clock
    }

    /// Takes away some of what is older than `seconds`, on a thread of its own.
    package func expire(keptSeconds seconds: Int64) async throws -> Step {
        try await BlockingThreads.run { [self] in try expireStep(keptSeconds: seconds) }
    }

    /// - Throws: `StorageError.contended` where a range is being read; it is tried again.
    func expireStep(keptSeconds seconds: Int64) throws -> Step {
        let now = try database.read { try LedgerTime.read($0) } ?? clock()
        let cut = CallID.first(at: KeptTime.cut(now: now, keptSeconds: seconds))
        let ranges = try upkeep?.drop(before: cut) ?? []
        // Beside ranges there is only what came after its range was gone.
        let table = upkeep == nil ? PartitionedTable.usage.name : PartitionedTable.usage.rest
        let rows = try delete(before: cut, in: table)
        return Step(ranges: ranges, rows: rows, hasMore: rows == Self.rowsAtOnce)
    }

    private func delete(before cut: CallID, in table: String) throws -> Int {
        let oldest = try database.read { connection in
            try connection.query(
                "SELECT call_id FROM \(table) WHERE call_id < ? ORDER BY call_id LIMIT \(Self.rowsAtOnce)",
                SQLValue(cut)
            ) { $0.callID(0) }
        }
        guard let last = oldest.last ?? nil else { return 0 }
        try database.write { _ = try $0.execute("DELETE FROM \(table) WHERE call_id <= ?", SQLValue(last)) }
        return oldest.count
    }
}
