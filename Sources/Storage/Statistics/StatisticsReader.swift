import Domain

/// Reads one question's rows and adds them up.
struct StatisticsReader {
    private let question: StatisticsQuestion
    private let connection: any SQLConnection
    private var answer: StatisticsAnswer

    static func answer(
        _ question: StatisticsQuestion,
        now: Instant,
        _ connection: any SQLConnection
    ) throws -> StatisticsAnswer {
        let buckets = try StatisticsBuckets(question.range, step: question.step, zone: question.zone)
        let marks = try ZoneRows.marks(connection)
        let zones = try ZoneRows.all(connection).filter(\.isActive)
        let zone = zones.first { $0.name == question.zone.name }
        let newest = max(RollupPlan.quarter(of: now).microseconds, marks.foldedUntil)
        let coverage = RollupPlan.Coverage(
            quartersSince: marks.quartersSince,
            daysSince: zone.map { firstDay(of: $0, in: question.zone) },
            end: Instant(microseconds: newest + RollupPlan.quarterMicroseconds),
            zones: zones.map(\.name)
        )
        let plan = try RollupPlan(question, coverage)
        var reader = StatisticsReader(question, StatisticsAnswer(buckets: buckets), connection)
        for piece in plan.pieces {
            if let span = piece.span, let zone {
                try reader.readPeriods(span, piece.range, zone)
            } else {
                try reader.readQuarters(piece.range)
            }
        }
        let folded = plan.pieces.filter { $0.span != nil }
        if let zone, let first = folded.first, let last = folded.last {
            try reader.readUnfolded(first.range.lowerBound..<last.range.upperBound, zone)
        }
        try reader.readRefunds()
        return reader.answer
    }

    private static func firstDay(of zone: KeptZone, in rules: Zone) -> Instant {
        let begun = rules.dayStart(of: zone.since)
        return begun == zone.since || zone.since.microseconds == 0 ? zone.since : rules.nextDayStart(after: begun)
    }

    private init(_ question: StatisticsQuestion, _ answer: StatisticsAnswer, _ connection: any SQLConnection) {
        self.question = question
        self.answer = answer
        self.connection = connection
    }

    // MARK: - Roll-ups

    private mutating func readPeriods(_ span: RollupPlan.Span, _ range: Range<Instant>, _ zone: KeptZone) throws {
        guard question.ids != nil || question.spans != nil else {
            try PeriodRows.read(zone.id, span, question.dimension, range, connection) { row in
                try add(row, bucket: row.int64(0), id: row.int64(1), from: 2)
            }
            return
        }
        var start = range.lowerBound
        while start < range.upperBound {
            for id in question.ids ?? [] {
                try spend()
                try PeriodRows.read(zone.id, span, question.dimension, bucket: start, id: id, connection) { row in
                    try add(row, bucket: start.microseconds, id: id, from: 2)
                }
            }
            for ids in question.spans ?? [] {
                try spend()
                try PeriodRows.read(zone.id, span, question.dimension, bucket: start, ids: ids, connection) { row in
                    try add(row, bucket: start.microseconds, id: row.int64(1), from: 2)
                }
            }
            start =
                span == .day
                ? question.zone.nextDayStart(after: start) : question.zone.nextMonthStart(after: start)
        }
    }

    private mutating func readQuarters(_ range: Range<Instant>, after cursor: RollupKey? = nil) throws {
        func isWanted(_ key: RollupKey) -> Bool { cursor.map { $0 < key } ?? true }
        if let ids = question.ids {
            for id in ids {
                try spend()
                try QuarterRows.read(question.dimension, id: id, range, connection) { row in
                    let key = RollupKey(row, from: 0)
                    if isWanted(key) { try add(row, bucket: key.bucket, id: id, from: QuarterRows.firstFigure) }
                }
            }
            return
        }
        var bucket = RollupPlan.quarter(of: range.lowerBound).microseconds
        while bucket < range.upperBound.microseconds {
            try spend()
            func take(_ row: any SQLStatement) throws {
                let key = RollupKey(row, from: 0)
                if isWanted(key) { try add(row, bucket: bucket, id: key.id, from: QuarterRows.firstFigure) }
            }
            if let spans = question.spans {
                for ids in spans {
                    try spend()
                    try QuarterRows.read(question.dimension, bucket: bucket, ids: ids, connection, row: take)
                }
            } else {
                try QuarterRows.read(question.dimension, bucket: bucket, connection, row: take)
            }
            bucket += RollupPlan.quarterMicroseconds
        }
    }

    /// What belongs to days that were read, and has not been folded into them yet.
    private mutating func readUnfolded(_ range: Range<Instant>, _ zone: KeptZone) throws {
        let newest = try QuarterRows.newest(connection) + RollupPlan.quarterMicroseconds
        // A cursor that has not begun is before all there is.
        let first = max(zone.cursor.bucket, try QuarterRows.oldest(connection))
        let from = max(range.lowerBound, Instant(microseconds: first))
        let to = min(range.upperBound, Instant(microseconds: newest))
        if from < to { try readQuarters(from..<to, after: zone.cursor) }
        try QuarterRows.readLate(after: zone.lateID, limit: RollupPlan.largestRead, connection) { row in
            try spend()
            let key = RollupKey(row, from: 0)
            guard key <= zone.cursor, key.dimension == question.dimension.rawValue,
                range.contains(Instant(microseconds: key.bucket)), question.wants(key.id)
            else { return }
            try add(row, bucket: key.bucket, id: key.id, from: QuarterRows.firstFigure)
        }
    }

    private mutating func add(_ row: any SQLStatement, bucket: Int64, id: Int64, from first: Int) throws {
        try spend()
        guard let index = answer.buckets.index(of: Instant(microseconds: bucket)) else { return }
        RollupColumns.add(row, from: first, to: &answer.cells[.init(bucket: index, id: id), default: UsageSums()])
    }

    /// A row, or a look for one.
    private mutating func spend() throws {
        answer.rowsRead += 1
        guard answer.rowsRead <= RollupPlan.largestRead else { throw StatisticsError.tooManyRows }
    }

    // MARK: - Refunds

    private mutating func readRefunds() throws {
        try RefundRows.read(question.range, by: question.dimension, connection) { at, id, amount in
            try spend()
            guard question.wants(id), let index = answer.buckets.index(of: at) else { return }
            answer.cells[.init(bucket: index, id: id), default: UsageSums()].refunds += amount
        }
    }
}
