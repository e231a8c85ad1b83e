import Domain

/// The roll-ups as they lie one over the other: quarters, what was booked late, days, months and everything of each zone.
struct RollupTiers {
    struct ID: Hashable, Comparable {
        let dimension: Int64
        let id: Int64

        static func < (left: ID, right: ID) -> Bool { (left.dimension, left.id) < (right.dimension, right.id) }
    }

    struct Sums: Equatable {
        var figures = [Int128](repeating: 0, count: UsageFigure.count)
        var isSaturated = false

        mutating func add(_ other: Sums) {
            for index in figures.indices { figures[index] += other.figures[index] }
            isSaturated = isSaturated || other.isSaturated
        }
    }

    private typealias Tier = [ID: Sums]

    private let connection: any SQLConnection
    private let zones: [KeptZone]
    private let quartersSince: Instant

    init(_ connection: any SQLConnection) throws {
        self.connection = connection
        zones = try ZoneRows.all(connection).filter(\.isActive)
        quartersSince = try ZoneRows.marks(connection).quartersSince
    }

    /// All that was ever counted, as UTC's sums have it.
    func booked() throws -> [ID: Sums] {
        guard let utc = zones.first(where: { $0.id == ZoneRows.utcID }) else { return [:] }
        return try sum(utc, .ever, since: Instant(microseconds: 0))
    }

    /// That every tier says the same of what it covers.
    func compare(_ report: inout VerifyReport) throws {
        guard let utc = zones.first(where: { $0.id == ZoneRows.utcID }) else { return }
        let start = Instant(microseconds: 0)
        let everything = try sum(utc, .ever, since: start)
        let days = try sum(utc, .day, since: start)
        compare("days of UTC", days, with: everything, &report)
        compare("months of UTC", try sum(utc, .month, since: start), with: everything, &report)
        compare(
            "quarters of an hour",
            try quarters(),
            with: try sum(utc, .day, since: quartersSince),
            &report
        )
        for zone in zones where zone.id != utc.id {
            let due = zone.since == start ? days : try sum(utc, .day, since: zone.since)
            for span in RollupPlan.Span.allCases {
                compare(
                    "\(span)s of \(zone.name)",
                    try sum(zone, span, since: zone.since, all: true),
                    with: due,
                    &report
                )
            }
        }
    }

    private func compare(_ name: String, _ have: Tier, with due: Tier, _ report: inout VerifyReport) {
        for id in Set(have.keys).union(due.keys).sorted() {
            let (stored, derived) = (have[id] ?? Sums(), due[id] ?? Sums())
            for figure in UsageFigure.allCases {
                let (left, right) = (stored.figures[figure.rawValue], derived.figures[figure.rawValue])
                // Sums that stood still did so each at its own time.
                if left == right || (figure.isMoney && (stored.isSaturated || derived.isSaturated)) { continue }
                let dimension = UsageDimension(rawValue: id.dimension).map { "\($0)" } ?? "\(id.dimension)"
                report.differ(
                    "\(name), \(dimension) \(id.id): \(figure.name)",
                    stored: figure.isMoney ? VerifyReport.dollars(left) : left.description,
                    derived: figure.isMoney ? VerifyReport.dollars(right) : right.description
                )
            }
        }
    }

    // MARK: - Sums

    private static let sums = "dimension, dimension_id, MAX(is_saturated), \(RollupColumns.halves)"
    private static let selectPeriods =
        "SELECT \(sums) FROM usage_periods WHERE zone_id = ? AND span = ? AND bucket >= ? GROUP BY dimension, dimension_id"
    private static let key = RollupKey.columns.joined(separator: ", ")
    private static let selectQuarters =
        "SELECT \(sums) FROM usage_rollups WHERE bucket >= ? AND (\(key)) > (?, ?, ?, ?) GROUP BY dimension, dimension_id"
    private static let selectLate =
        "SELECT \(sums) FROM usage_late WHERE id > ? AND bucket >= ? AND (\(key)) <= (?, ?, ?, ?) GROUP BY dimension, dimension_id"

    /// What was folded, and what is still to be.
    /// - Parameter all: periods that begin before `since` hold nothing from before it.
    private func sum(_ zone: KeptZone, _ span: RollupPlan.Span, since: Instant, all: Bool = false) throws -> Tier {
        let from = all || span == .ever ? Int64.min : since.microseconds
        var tier = try read(Self.selectPeriods, .integer(zone.id), .integer(span.rawValue), .integer(from))
        let cursor = [zone.cursor.bucket, zone.cursor.dimension, zone.cursor.id, zone.cursor.replica]
            .map { SQLValue.integer($0) }
        let unfolded = try read(Self.selectQuarters, values: [SQLValue(since)] + cursor)
        let late = try read(Self.selectLate, values: [.integer(zone.lateID), SQLValue(since)] + cursor)
        for (id, sums) in unfolded { tier[id, default: Sums()].add(sums) }
        for (id, sums) in late { tier[id, default: Sums()].add(sums) }
        return tier
    }

    private func quarters() throws -> Tier {
        try read(
            Self.selectQuarters,
            values: [SQLValue(quartersSince), .integer(.min)] + Array(repeating: .integer(0), count: 3)
        )
    }

    private func read(_ sql: String, _ values: SQLValue...) throws -> Tier { try read(sql, values: values) }

    private func read(_ sql: String, values: [SQLValue]) throws -> Tier {
        let rows = try connection.query(sql, values: values) { row in
            (
                ID(dimension: row.int64(0), id: row.int64(1)),
                Sums(figures: RollupColumns.sums(row, from: 3), isSaturated: row.bool(2))
            )
        }
        return Dictionary(rows, uniquingKeysWith: { first, _ in first })
    }
}
