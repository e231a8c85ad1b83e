package import Domain

/// Adds quarters of an hour to the days and months of the zones that are kept, and drops quarters that are old.
///
/// The ledger writes quarters; a fold takes each of their rows once for each zone, in the order of their keys, and moves
/// the zone's cursor in the same transaction: killed anywhere it repeats nothing and loses nothing. What the ledger books
/// in a quarter that some zone has folded already (a settlement out of a spool, a correction, a clock that went back) it
/// also writes among the late rows. Each step takes all late rows before it moves a cursor, so a late row that it finds
/// was booked after the cursor came to where it is: a row at or before the cursor is added, one after it will be read in
/// its quarter. No clock decides what is late. On a server, whoever books in a quarter that is over and a step keep each
/// other out by a lock; a quarter that goes on is not folded before a ledger transaction in it would have timed out.
package struct PeriodFold: Sendable {
    /// Rows a step takes: a transaction of less than a millisecond.
    package static let rowsAStep = 50
    package static let quarterDays: Int64 = 35
    /// How long after its end a quarter is left alone, for most calls that ended in it are booked by then.
    private static let pause: Int64 = 60 * 1_000_000
    private static let dayMicroseconds: Int64 = 86_400 * 1_000_000

    private let database: any Database
    private let rules: [String: Zone]
    private let rowsAStep: Int

    /// - Parameter zones: the zones to keep beside UTC.
    package init(database: any Database, zones: [Zone], rowsAStep: Int = PeriodFold.rowsAStep) {
        self.database = database
        self.rowsAStep = rowsAStep
        rules = ([.utc] + zones).reduce(into: [:]) { $0[$1.name] = $1 }
    }

    /// Takes up zones that are new, and gives up those that are not wanted any more.
    package func chooseZones() throws {
        try database.write { connection in
            let kept = try ZoneRows.all(connection)
            for zone in kept where zone.isActive && rules[zone.name] == nil {
                try ZoneRows.setActive(false, zone: zone.id, connection)
            }
            let since = try ZoneRows.marks(connection).quartersSince
            // One that is being given up begins anew when it is gone.
            for name in rules.keys.sorted() where !kept.contains(where: { $0.name == name }) {
                try ZoneRows.add(name, since: since, connection)
            }
        }
    }

    /// One short transaction. - Parameter now: where the database has no clock of its own.
    /// - Returns: false if there was nothing to do.
    package func step(now: Instant) throws -> Bool {
        try database.write { connection in
            try ZoneRows.lock(connection)
            let now = try LedgerTime.read(connection) ?? now
            let zones = try ZoneRows.all(connection)
            if let gone = zones.first(where: { !$0.isActive }) { return try giveUp(gone, connection) }
            let end = RollupPlan.quarter(of: Instant(microseconds: now.microseconds - Self.pause))
            // The one that is furthest behind, so that late rows can go.
            for zone in zones.sorted(by: { ($0.lateID, $0.cursor) < ($1.lateID, $1.cursor) }) {
                if try fold(zone, before: end, connection) { return true }
            }
            if let least = zones.map(\.lateID).min(),
                try QuarterRows.deleteLate(through: least, limit: rowsAStep * 4, connection) > 0
            {
                return true
            }
            return try dropOld(zones, now: now, connection)
        }
    }

    /// On a thread of its own, for all of this blocks.
    package func inBackground<Value: Sendable>(
        _ body: @escaping @Sendable (PeriodFold) throws -> Value
    ) async throws -> Value {
        try await BlockingThreads.run { try body(self) }
    }

    private func giveUp(_ zone: KeptZone, _ connection: any SQLConnection) throws -> Bool {
        if try PeriodRows.delete(rowsAStep * 4, of: zone.id, connection) == 0 {
            try ZoneRows.remove(zone: zone.id, connection)
            if let rules = rules[zone.name] {
                try ZoneRows.add(rules.name, since: ZoneRows.marks(connection).quartersSince, connection)
            }
        }
        return true
    }

    private func fold(_ zone: KeptZone, before end: Instant, _ connection: any SQLConnection) throws -> Bool {
        guard let rules = rules[zone.name] else { return false }
        var zone = zone
        var taken = 0
        var sums = PeriodSums(rules)
        func add(_ row: any SQLStatement, _ key: RollupKey) {
            sums.add(
                RollupDelta(row, from: QuarterRows.firstFigure),
                of: key,
                isSaturated: row.bool(QuarterRows.firstFigure + UsageFigure.count)
            )
        }
        try QuarterRows.readLate(after: zone.lateID, limit: rowsAStep, connection) { row in
            taken += 1
            zone.lateID = row.int64(QuarterRows.lateID)
            let key = RollupKey(row, from: 0)
            if key <= zone.cursor, key.bucket >= zone.since.microseconds { add(row, key) }
        }
        if taken < rowsAStep {
            try QuarterRows.read(after: zone.cursor, before: end, limit: rowsAStep - taken, connection) { row in
                taken += 1
                zone.cursor = RollupKey(row, from: 0)
                add(row, zone.cursor)
            }
        }
        guard taken > 0 else { return false }
        try PeriodRows.add(sums, to: zone.id, connection)
        try ZoneRows.save(zone, connection)
        return true
    }

    /// Quarters go that every zone has folded, whole days in UTC at a time. A clock that has leapt ahead takes none with
    /// it: age counts from what was booked last.
    private func dropOld(_ zones: [KeptZone], now: Instant, _ connection: any SQLConnection) throws -> Bool {
        let marks = try ZoneRows.marks(connection)
        let newest = zones.map(\.cursor.bucket).min() ?? 0
        let day = min(now.microseconds, newest).flooredDivision(by: Self.dayMicroseconds).quotient - Self.quarterDays
        let cutoff = Instant(microseconds: day * Self.dayMicroseconds)
        if cutoff > marks.quartersSince {
            try ZoneRows.dropQuarters(before: cutoff, connection)
            return true
        }
        return try QuarterRows.delete(before: marks.quartersSince, limit: rowsAStep * 4, connection) > 0
    }
}
