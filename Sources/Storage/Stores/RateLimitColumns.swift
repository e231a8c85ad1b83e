import Domain

/// The three columns of a rate limit, wherever they stand.
enum RateLimitColumns {
    /// - Parameter table: the alias the columns are read by.
    static func list(of table: String) -> String {
        RateLimit.Measure.allCases.map { "\(table).\($0.rawValue)" }.joined(separator: ", ")
    }

    /// Those that are to be set.
    static func values(_ changes: RateLimitChanges) -> [(name: String, value: SQLValue?)] {
        RateLimit.Measure.allCases.compactMap { measure in
            changes[measure].map { (measure.rawValue, SQLValue($0)) }
        }
    }

    /// - Parameter first: where the columns of ``list(of:)`` begin.
    static func read(_ row: any SQLStatement, from first: Int) -> RateLimit {
        var limit = RateLimit()
        for (offset, measure) in RateLimit.Measure.allCases.enumerated() {
            limit[measure] = row.optionalInt64(first + offset)
        }
        return limit
    }
}
