import Domain
import Storage

/// The rates in an entry of an `apply` file; null takes one away.
enum RateLimitEntry {
    static let known: Set<String> = Set(RateLimit.Measure.allCases.map(\.rawValue))

    static func read(_ members: [String: YAMLItem]) throws(InputProblem) -> RateLimitChanges {
        var wish: RateLimitChanges = [:]
        for measure in RateLimit.Measure.allCases {
            guard let item = members[measure.rawValue] else { continue }
            // The value is an optional itself: an assigned nil would only remove the key.
            wish.updateValue(item.isNull ? nil : try item.integer(in: RateLimit.range), forKey: measure)
        }
        return wish
    }
}
