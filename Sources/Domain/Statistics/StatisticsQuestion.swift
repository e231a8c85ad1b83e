/// What is asked of the roll-ups.
package struct StatisticsQuestion: Hashable, Sendable {
    /// Not empty, both on a quarter of an hour.
    package let range: Range<Instant>
    package let zone: Zone
    package let step: StatisticsStep
    package let dimension: UsageDimension
    /// Only these of the dimension; nil: all of them.
    package let ids: [Int64]?
    /// Only what lies in one of these; nil: all of them.
    package let spans: [ClosedRange<Int64>]?

    package init(
        range: Range<Instant>,
        zone: Zone,
        step: StatisticsStep,
        dimension: UsageDimension = .all,
        ids: [Int64]? = nil,
        spans: [ClosedRange<Int64>]? = nil
    ) {
        self.range = range
        self.zone = zone
        self.step = step
        self.dimension = dimension
        self.ids = dimension == .all ? [0] : ids
        self.spans = spans
    }

    /// Whether an id of the dimension is asked for.
    package func wants(_ id: Int64) -> Bool {
        ids?.contains(id) ?? spans?.contains { $0.contains(id) } ?? true
    }
}

/// Sums for each piece of the range and each id that has any.
package struct StatisticsAnswer: Sendable {
    package struct Cell: Hashable, Sendable {
        /// Of ``StatisticsBuckets``.
        package let bucket: Int
        /// Within the dimension.
        package let id: Int64

        package init(bucket: Int, id: Int64) {
            self.bucket = bucket
            self.id = id
        }
    }

    package let buckets: StatisticsBuckets
    package var cells: [Cell: UsageSums] = [:]
    /// Rows that were read for it.
    package var rowsRead = 0

    package init(buckets: StatisticsBuckets) { self.buckets = buckets }

    package mutating func add(_ sums: UsageSums, to cell: Cell) {
        if cells[cell]?.add(sums) == nil { cells[cell] = sums }
    }

    package var total: UsageSums {
        cells.values.reduce(into: UsageSums()) { $0.add($1) }
    }

    /// One for each piece, all ids together.
    package var series: [UsageSums] {
        cells.reduce(into: Array(repeating: UsageSums(), count: buckets.count)) { series, cell in
            series[cell.key.bucket].add(cell.value)
        }
    }

    /// Over the whole range, by id.
    package var byID: [Int64: UsageSums] {
        cells.reduce(into: [:]) { sums, cell in
            if sums[cell.key.id]?.add(cell.value) == nil { sums[cell.key.id] = cell.value }
        }
    }
}

/// Where statistics are read; nothing here is on a call's path, nothing reads calls.
package protocol Statistics: Sendable {
    /// - Returns: the answers, all of one moment, in order.
    func answer(_ questions: [StatisticsQuestion]) async throws(StatisticsError) -> [StatisticsAnswer]

    /// What ids of a dimension are called; ids that are none are left out.
    func names(of ids: [Int64], in dimension: UsageDimension) async throws(StatisticsError) -> [Int64: String]

    /// The models of these names, those that there are.
    func models(named names: [String]) async throws(StatisticsError) -> [Int64]

    /// All keys of a user's, those too that are no longer active.
    func keys(of user: UserID) async throws(StatisticsError) -> [Int64]

    /// What was spent by whom on what, all of one moment.
    func flow(_ question: FlowQuestion) async throws(StatisticsError) -> FlowAnswer

    /// - Throws: `StatisticsError.unknownZone`.
    func zone(named name: String) async throws(StatisticsError) -> Zone
}
