import Domain

/// Sums per quarter of an hour and dimension, added up over a batch and written in the order of their keys.
struct Rollups {
    private struct Key: Hashable, Comparable {
        let bucket: Int64
        let dimension: Int64
        let id: Int64

        static func < (left: Key, right: Key) -> Bool {
            (left.bucket, left.dimension, left.id) < (right.bucket, right.dimension, right.id)
        }
    }

    private static let upsert = RollupColumns.upsert(into: "usage_rollups", key: RollupKey.columns)
    private static let upsertFlow = RollupColumns.upsert(
        into: "usage_rollups",
        key: RollupKey.columns,
        figures: RollupDelta.flowFigures
    )
    private static let insertLate = RollupColumns.insert(into: "usage_late", key: RollupKey.columns)
    private static let selectFolded = "SELECT folded_until FROM statistics_marks WHERE id = 1"
    private static let lockFolded = selectFolded + " FOR UPDATE"

    private var sums: [Key: RollupDelta] = [:]

    /// - Parameter countsFlow: of calls that began since ``FlowRows/since(_:)``.
    mutating func add(_ settlement: Settlement, closing: Closing, cacheSavings: Money, countsFlow: Bool = true) {
        let result = settlement.result
        let delta: RollupDelta =
            closing.action == .correct
            ? .corrected(
                usage: result.usage,
                correction: closing.chargeDelta,
                cost: result.cost,
                excess: closing.excess,
                cacheSavings: cacheSavings,
                statusCode: Int64(result.statusCode),
                durationMilliseconds: result.durationMilliseconds
            )
            : .settled(
                state: closing.state,
                usage: result.usage,
                charge: closing.charge,
                cost: result.cost,
                excess: closing.excess,
                cacheSavings: cacheSavings,
                statusCode: Int64(result.statusCode),
                durationMilliseconds: result.durationMilliseconds
            )
        add(
            delta,
            call: settlement.call,
            group: settlement.hold.groupID,
            countsFlow: countsFlow,
            at: result.endedAt
        )
    }

    /// A call closed by policy.
    mutating func addResolved(
        _ call: CallIntent,
        group: ModelGroupID,
        closing: Closing,
        countsFlow: Bool = true,
        now: Instant
    ) {
        add(
            .resolved(state: closing.state, charge: closing.charge),
            call: call,
            group: group,
            countsFlow: countsFlow,
            at: now
        )
    }

    private mutating func add(
        _ delta: RollupDelta,
        call: CallIntent,
        group: ModelGroupID,
        countsFlow: Bool,
        at instant: Instant
    ) {
        let bucket = RollupPlan.quarter(of: instant).microseconds
        let flow = delta.ofFlow
        for dimension in UsageDimension.allCases {
            if dimension.isFlow && !countsFlow { continue }
            let id = dimension.id(
                user: call.userID,
                key: call.keyID,
                model: call.modelID,
                provider: call.providerID,
                group: group,
                route: call.routeID
            )
            let key = Key(bucket: bucket, dimension: dimension.rawValue, id: id)
            sums[key, default: RollupDelta()].add(dimension.isFlow ? flow : delta)
        }
    }

    /// Writes the sums and forgets them. What belongs to a quarter that has been folded already is also written where the
    /// next fold finds it.
    ///
    /// Of a quarter that is over, a fold may be taking the sums at this moment: that and this wait for each other.
    mutating func flush(replica: ReplicaID, now: Instant, _ connection: any SQLConnection) throws {
        guard let oldest = sums.keys.lazy.map(\.bucket).min() else { return }
        func read(_ query: String) throws -> Int64 { try connection.query(query) { $0.int64(0) }.first ?? -1 }
        let isOver = oldest < RollupPlan.quarter(of: now).microseconds
        var folded = try read(isOver ? Self.lockFolded : Self.selectFolded)
        // The clock was ahead of this for a while.
        if !isOver, oldest <= folded { folded = try read(Self.lockFolded) }
        let (whole, flow) = (try connection.prepare(Self.upsert), try connection.prepare(Self.upsertFlow))
        for (key, delta) in sums.sorted(by: { $0.key < $1.key }) {
            let row = RollupKey(bucket: key.bucket, dimension: key.dimension, id: key.id, replica: replica.rawValue)
            if UsageDimension(rawValue: key.dimension)?.isFlow == true {
                try Self.write(delta, of: RollupDelta.flowFigures, to: row, by: flow)
            } else {
                try Self.write(delta, to: row, by: whole)
            }
            if key.bucket <= folded { try Self.write(delta, to: row, by: connection.prepare(Self.insertLate)) }
        }
        sums.removeAll(keepingCapacity: true)
    }

    private static func write(
        _ delta: RollupDelta,
        of figures: [UsageFigure] = UsageFigure.allCases,
        to key: RollupKey,
        by statement: any SQLStatement
    ) throws {
        key.bind(to: statement)
        RollupColumns.bind(delta, of: figures, isSaturated: false, at: 5, to: statement)
        try statement.enqueue()
    }
}
