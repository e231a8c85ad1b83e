import Domain

/// What all replicas have left of requests and tokens a minute, each bucket a row, by the database's clock.
enum RateBucketRows {
    private static let select = SizedSQL {
        "SELECT id, per_minute, level, carry, refilled_at FROM rate_buckets WHERE id IN (\(SizedSQL.list("?", $0))) ORDER BY id FOR UPDATE"
    }
    private static let insert =
        "INSERT INTO rate_buckets (id, per_minute, level, carry, refilled_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING"
    private static let update =
        "UPDATE rate_buckets SET per_minute = ?, level = ?, carry = ?, refilled_at = ? WHERE id = ?"

    /// Of calls at a time a row is no more than what is locked, see ``RateSlotRows``.
    ///
    /// Locks the rows of all draws, in the order of their keys; those of buckets that nobody has drawn from yet are full.
    static func lock(
        _ draws: [RateDraw],
        now: () throws -> Uptime,
        _ connection: any SQLConnection
    ) throws -> [Int64: TokenBucket] {
        let numbers = draws.map(\.bucket.number).sorted()
        var found = try read(numbers, connection)
        guard found.count < numbers.count else { return found }
        let (missing, now) = (draws.filter { found[$0.bucket.number] == nil }, try now())
        for draw in missing.sorted(by: { $0.bucket.number < $1.bucket.number }) {
            let full = TokenBucket(perMinute: draw.limit, at: now)
            let statement = try connection.prepare(insert)
            statement.bind(draw.bucket.number, at: 1)
            bind(full, to: statement, from: 2)
            // Somebody else may have been faster.
            try statement.enqueue()
        }
        try connection.flush()
        found.merge(try read(missing.map(\.bucket.number).sorted(), connection)) { $1 }
        return found
    }

    static func write(_ bucket: TokenBucket, as number: Int64, _ connection: any SQLConnection) throws {
        let statement = try connection.prepare(update)
        bind(bucket, to: statement, from: 1)
        statement.bind(number, at: 5)
        try statement.enqueue(changing: 1)
    }

    private static func read(_ numbers: [Int64], _ connection: any SQLConnection) throws -> [Int64: TokenBucket] {
        var found: [Int64: TokenBucket] = [:]
        try select.query(numbers, connection, bind: { $1.bind($0, at: $2) }) { row in
            found[row.int64(0)] = TokenBucket(
                perMinute: row.int64(1),
                level: row.int64(2),
                carry: row.int64(3),
                refilledAt: Uptime(row.instant(4))
            )
        }
        return found
    }

    private static func bind(_ bucket: TokenBucket, to statement: any SQLStatement, from index: Int) {
        statement.bind(bucket.perMinute, at: index)
        statement.bind(bucket.level, at: index + 1)
        statement.bind(bucket.carry, at: index + 2)
        statement.bind(bucket.refilledAt.nanoseconds / 1_000, at: index + 3)
    }
}

extension Uptime {
    /// Of a database's clock, which goes back if it is set back: ``TokenBucket/draw(_:at:)`` lives with that.
    init(_ instant: Instant) { self.init(nanoseconds: instant.microseconds &* 1_000) }
}
