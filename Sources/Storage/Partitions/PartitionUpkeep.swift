package import Domain

/// Makes the ranges of the partitioned tables before calls need them, and drops those whose time is over. PostgreSQL only; the
/// replica that has the duty does it.
///
/// Every change of a table's ranges needs a lock that calls wait behind, so each is one short transaction that gives up after
/// 200 ms (`StorageError.contended`) and is tried again later. No call depends on it: what no range is there for goes into the
/// default partition, and that becomes a range itself, as it stands, once it is found to have such rows.
package struct PartitionUpkeep: Sendable {
    /// How far ahead there is a range.
    static let aheadMicroseconds: Int64 = 7 * 86_400_000_000

    private let database: ServerDatabase

    /// - Returns: nil for a database without ranges.
    package init?(_ database: any Database) {
        guard let database = database as? ServerDatabase, database.dialect == .postgres else { return nil }
        self.database = database
    }

    /// Makes what is missing for the next week. Blocks. - Returns: the ranges made.
    func extend(now: Instant) throws -> [String] {
        var made: [String] = []
        for table in PartitionedTable.all {
            while let range = try extend(table, now: now) { made.append(range) }
        }
        return made
    }

    /// The same on a thread of its own, by the database's clock where that counts.
    package func inBackground(clock: @escaping @Sendable () -> Instant) async throws -> [String] {
        try await BlockingThreads.run { [self] in
            try extend(now: database.defining { try LedgerTime.read($0) ?? clock() })
        }
    }

    private func extend(_ table: PartitionedTable, now: Instant) throws -> String? {
        let last = try database.defining { try PartitionRows.ranges(of: table, $0) }.last?.end
        let needed = Instant(microseconds: now.microseconds + Self.aheadMicroseconds)
        if let last, last >= CallID.first(at: needed) { return nil }
        let end = CallID.first(at: table.end(ofPeriodOf: max(last?.time ?? now, now)))
        let range = PartitionRange(table: table.name(endingAt: end), end: end)
        let isTaken = try database.defining {
            try PartitionRows.isThere(PartitionRows.bounds(table, last, end), in: table.rest, $0)
        }
        if isTaken {
            try adopt(range, from: last, of: table)
        } else {
            try database.defining { connection in
                try PartitionRows.make(range.table, like: table, connection)
                try PartitionRows.attach(range, from: last, to: table, connection)
            }
        }
        return range.table
    }

    /// Turns the default partition into a range, and puts an empty one in its place. Rows are not copied, but for those few
    /// that are of another time.
    private func adopt(_ range: PartitionRange, from start: CallID?, of table: PartitionedTable) throws {
        let (rest, proof) = (table.rest, "\(table.rest)_bounds")
        let inside = PartitionRows.bounds(table, start, range.end)
        // A table may be large, and whoever attaches it keeps calls waiting until all of it has been read; so it is read
        // before. Where rows of another time are to be left behind there is nothing to prove.
        let isWhole = try database.defining { !(try PartitionRows.isThere("NOT (\(inside))", in: rest, $0)) }
        do {
            if isWhole {
                try database.defining { connection in
                    try connection.execute("ALTER TABLE \(rest) DROP CONSTRAINT IF EXISTS \(proof)")
                    try connection.execute("ALTER TABLE \(rest) ADD CONSTRAINT \(proof) CHECK (\(inside)) NOT VALID")
                }
                try database.defining { try $0.execute("ALTER TABLE \(rest) VALIDATE CONSTRAINT \(proof)") }
            }
            try database.defining { connection in
                try connection.execute("LOCK TABLE \(table.name) IN ACCESS EXCLUSIVE MODE")
                try connection.execute("ALTER TABLE \(table.name) DETACH PARTITION \(rest)")
                try connection.execute("ALTER TABLE \(rest) RENAME TO \(range.table)")
                try PartitionRows.make(rest, like: table, connection)
                if !isWhole {
                    try connection.execute("ALTER TABLE \(range.table) DROP CONSTRAINT IF EXISTS \(proof)")
                    try connection.execute("INSERT INTO \(rest) SELECT * FROM \(range.table) WHERE NOT (\(inside))")
                    try connection.execute("DELETE FROM \(range.table) WHERE NOT (\(inside))")
                }
                try PartitionRows.attach(range, from: start, to: table, connection)
                try connection.execute("ALTER TABLE \(table.name) ATTACH PARTITION \(rest) DEFAULT")
                try connection.execute("ALTER TABLE \(range.table) DROP CONSTRAINT IF EXISTS \(proof)")
            }
        } catch {
            // It refuses what comes after the range, which would be calls by then.
            _ = try? database.defining { try $0.execute("ALTER TABLE \(rest) DROP CONSTRAINT IF EXISTS \(proof)") }
            throw error
        }
    }

    /// Drops the ranges of raw usage that end at `cut` or before. Blocks. - Returns: their names.
    func drop(before cut: CallID) throws -> [String] {
        let over = try database.defining { try PartitionRows.ranges(of: .usage, $0) }.filter { $0.end <= cut }
        for range in over { try database.defining { try $0.execute("DROP TABLE \(range.table)") } }
        return over.map(\.table)
    }
}
