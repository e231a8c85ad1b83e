import Domain

/// The members of a rate limit, wherever one is written.
enum RateLimitFields {
    static let all: [any Declaration] = fields

    fileprivate static let fields = RateLimit.Measure.allCases.map { measure in
        Field<Int64>.integer(measure.rawValue, "Null: no limit of its own.", RateLimit.range).nullable()
    }
}

extension Form {
    mutating func rateLimit() -> RateLimitChanges {
        var changes: RateLimitChanges = [:]
        for (measure, field) in zip(RateLimit.Measure.allCases, RateLimitFields.fields) {
            changes[measure] = value(field)
        }
        return changes
    }
}
