import Domain

/// The key of a quarter's row, in the order the table is kept in.
struct RollupKey: Hashable, Comparable {
    let bucket: Int64
    let dimension: Int64
    let id: Int64
    let replica: Int64

    static let columns = ["bucket", "dimension", "dimension_id", "replica_id"]

    /// Before every row of `bucket`.
    static func before(_ bucket: Instant) -> RollupKey {
        RollupKey(bucket: bucket.microseconds, dimension: -1, id: 0, replica: 0)
    }

    init(bucket: Int64, dimension: Int64, id: Int64, replica: Int64) {
        self.bucket = bucket
        self.dimension = dimension
        self.id = id
        self.replica = replica
    }

    init(_ row: any SQLStatement, from first: Int) {
        bucket = row.int64(first)
        dimension = row.int64(first + 1)
        id = row.int64(first + 2)
        replica = row.int64(first + 3)
    }

    func bind(to statement: any SQLStatement, at first: Int = 1) {
        statement.bind(bucket, at: first)
        statement.bind(dimension, at: first + 1)
        statement.bind(id, at: first + 2)
        statement.bind(replica, at: first + 3)
    }

    static func < (left: RollupKey, right: RollupKey) -> Bool {
        (left.bucket, left.dimension, left.id, left.replica) < (right.bucket, right.dimension, right.id, right.replica)
    }
}
