import Domain

extension Migration {
    /// Rates of keys, users and models; NULL: none of its own.
    static let rateLimits = Migration(
        version: 5,
        name: "rate_limits",
        isAdditive: true,
        statements: ["api_keys", "users", "ai_models"].flatMap { table in
            RateLimit.Measure.allCases.map { measure in
                let range = RateLimit.range
                return "ALTER TABLE \(table) ADD COLUMN \(measure.rawValue) INTEGER "
                    + "CHECK (\(measure.rawValue) BETWEEN \(range.lowerBound) AND \(range.upperBound))"
            }
        }
    )
}
