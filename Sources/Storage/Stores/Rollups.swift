import Domain

/// Sums per quarter of an hour and dimension, added up over a batch and written in the order of their keys.
struct Rollups {
    static let bucketMicroseconds: Int64 = 15 * 60 * 1_000_000

    /// What is summed apart. Stored as raw values.
    enum Dimension: Int64, CaseIterable {
        case all = 0
        case user = 1
        case key = 2
        case model = 3
        case provider = 4
        case group = 5
    }

    private struct Key: Hashable, Comparable {
        let bucket: Int64
        let dimension: Int64
        let id: Int64

        static func < (left: Key, right: Key) -> Bool {
            (left.bucket, left.dimension, left.id) < (right.bucket, right.dimension, right.id)
        }
    }

    private static let upsert: String = {
        let columns = RollupDelta.Column.allCases.map(\.name)
        let names = columns.joined(separator: ", ")
        let marks = Array(repeating: "?", count: columns.count + 5).joined(separator: ", ")
        // A sum that would leave Int64 stays where it is and says so; adding on would make SQLite turn it into a float.
        let adds = columns.map { name in
            "\(name) = CASE WHEN \(name) > \(RollupDelta.largest) - excluded.\(name) THEN \(name) ELSE \(name) + excluded.\(name) END"
        }.joined(separator: ", ")
        let saturates = RollupDelta.Column.allCases.filter(\.isMoney).map { column in
            " OR \(column.name) > \(RollupDelta.largest) - excluded.\(column.name)"
        }.joined()
        return
            "INSERT INTO usage_rollups (bucket, dimension, dimension_id, replica_id, \(names), is_saturated) VALUES (\(marks)) ON CONFLICT (bucket, dimension, dimension_id, replica_id) DO UPDATE SET is_saturated = is_saturated OR excluded.is_saturated\(saturates), \(adds)"
    }()

    private var sums: [Key: RollupDelta] = [:]

    mutating func add(_ settlement: Settlement, closing: Closing) {
        let result = settlement.result
        let delta: RollupDelta =
            closing.action == .correct
            ? .corrected(
                usage: result.usage,
                correction: closing.chargeDelta,
                cost: result.cost,
                excess: closing.excess,
                statusCode: Int64(result.statusCode),
                durationMilliseconds: result.durationMilliseconds
            )
            : .settled(
                state: closing.state,
                usage: result.usage,
                charge: closing.charge,
                cost: result.cost,
                excess: closing.excess,
                statusCode: Int64(result.statusCode),
                durationMilliseconds: result.durationMilliseconds
            )
        add(delta, call: settlement.call, group: settlement.hold.groupID, at: result.endedAt)
    }

    /// A call closed by policy.
    mutating func addResolved(_ call: CallIntent, group: ModelGroupID, closing: Closing, now: Instant) {
        add(.resolved(state: closing.state, charge: closing.charge), call: call, group: group, at: now)
    }

    private mutating func add(_ delta: RollupDelta, call: CallIntent, group: ModelGroupID, at instant: Instant) {
        let bucket = instant.microseconds / Self.bucketMicroseconds * Self.bucketMicroseconds
        for dimension in Dimension.allCases {
            let id: Int64 =
                switch dimension {
                case .all: 0
                case .user: call.userID.rawValue
                case .key: call.keyID.rawValue
                case .model: call.modelID.rawValue
                case .provider: call.providerID.rawValue
                case .group: group.rawValue
                }
            let key = Key(bucket: bucket, dimension: dimension.rawValue, id: id)
            if sums[key]?.add(delta) == nil { sums[key] = delta }
        }
    }

    /// Writes the sums and forgets them.
    mutating func flush(replica: ReplicaID, _ connection: any SQLConnection) throws {
        guard !sums.isEmpty else { return }
        let statement = try connection.prepare(Self.upsert)
        for (key, delta) in sums.sorted(by: { $0.key < $1.key }) {
            defer { statement.reset() }
            statement.bind(key.bucket, at: 1)
            statement.bind(key.dimension, at: 2)
            statement.bind(key.id, at: 3)
            statement.bind(replica.rawValue, at: 4)
            var isSaturated = false
            for index in 0..<RollupDelta.count {
                statement.bind(delta[index], at: 5 + index)
                isSaturated = isSaturated || delta[index] >= RollupDelta.largest
            }
            statement.bind(isSaturated ? 1 : 0, at: 5 + RollupDelta.count)
            _ = try statement.step()
        }
        sums.removeAll(keepingCapacity: true)
    }
}
