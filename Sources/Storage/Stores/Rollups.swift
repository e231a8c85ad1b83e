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

    /// In the order of the columns: requests … slower.
    private static let columns = [
        "requests", "voided", "errors", "input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens",
        "reasoning_tokens", "audio_tokens", "image_tokens", "charge", "cost", "excess", "corrections", "duration_ms",
        "under_100ms", "under_300ms", "under_1s", "under_3s", "under_10s", "under_30s", "slower",
    ]
    private static let upsert: String = {
        let names = columns.joined(separator: ", ")
        let marks = Array(repeating: "?", count: columns.count + 5).joined(separator: ", ")
        // A sum that would leave Int64 stays where it is and says so; adding on would make SQLite turn it into a float.
        let adds = columns.map { name in
            "\(name) = CASE WHEN \(name) > 9000000000000000000 - excluded.\(name) THEN \(name) ELSE \(name) + excluded.\(name) END"
        }.joined(separator: ", ")
        let saturated =
            "is_saturated = is_saturated OR charge > 9000000000000000000 - excluded.charge OR cost > 9000000000000000000 - excluded.cost OR excess > 9000000000000000000 - excluded.excess"
        return
            "INSERT INTO usage_rollups (bucket, dimension, dimension_id, replica_id, \(names), is_saturated) VALUES (\(marks)) ON CONFLICT (bucket, dimension, dimension_id, replica_id) DO UPDATE SET \(saturated), \(adds)"
    }()

    private var sums: [Key: InlineArray<22, Int64>] = [:]

    mutating func add(_ settlement: Settlement, closing: Closing) {
        var delta = InlineArray<22, Int64>(repeating: 0)
        let result = settlement.result
        if closing.action == .correct {
            delta[13] = closing.chargeDelta.picoDollars
            delta[12] = closing.excess.picoDollars
        } else {
            delta[0] = 1
            delta[1] = closing.state == .voided ? 1 : 0
            delta[10] = closing.charge.picoDollars
            delta[12] = closing.excess.picoDollars
        }
        delta[2] = result.statusCode >= 400 ? 1 : 0
        delta[3] = result.usage[.input]
        delta[4] = result.usage[.cacheRead]
        delta[5] = result.usage[.cacheWrite5m] + result.usage[.cacheWrite1h]
        delta[6] = result.usage[.output]
        delta[7] = result.usage[.reasoning]
        delta[8] = result.usage[.audioInput] + result.usage[.audioOutput]
        delta[9] = result.usage[.imageInput]
        delta[11] = result.cost.picoDollars
        delta[14] = max(0, result.durationMilliseconds)
        let slots: [Int64] = [100, 300, 1_000, 3_000, 10_000, 30_000]
        delta[15 + (slots.firstIndex { result.durationMilliseconds < $0 } ?? 6)] = 1
        add(delta, call: settlement.call, group: settlement.hold.groupID, at: result.endedAt)
    }

    /// A call closed by policy: counted once, with what it was charged.
    mutating func addResolved(_ call: CallIntent, group: ModelGroupID, closing: Closing, now: Instant) {
        var delta = InlineArray<22, Int64>(repeating: 0)
        delta[0] = 1
        delta[1] = closing.state == .voided ? 1 : 0
        delta[2] = 1
        delta[10] = closing.charge.picoDollars
        add(delta, call: call, group: group, at: now)
    }

    private mutating func add(
        _ delta: InlineArray<22, Int64>,
        call: CallIntent,
        group: ModelGroupID,
        at instant: Instant
    ) {
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
            Self.add(delta, to: &sums[key, default: .init(repeating: 0)])
        }
    }

    private static func add(_ delta: InlineArray<22, Int64>, to sum: inout InlineArray<22, Int64>) {
        // A batch of 128 calls, each capped, stays far below Int64.
        for index in 0..<22 { sum[index] &+= delta[index] }
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
            for index in 0..<22 { statement.bind(delta[index], at: 5 + index) }
            statement.bind(0, at: 27)
            _ = try statement.step()
        }
        sums.removeAll(keepingCapacity: true)
    }
}
