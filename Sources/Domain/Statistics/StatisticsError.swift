/// Why there is no answer.
package enum StatisticsError: Error, Hashable, Sendable {
    /// No zone has this name, or none whose days can be added up.
    case unknownZone
    /// More pieces than ``StatisticsBuckets/largestCount``.
    case tooManyBuckets
    /// More rows would have to be read than ``RollupPlan/largestRead``.
    case tooManyRows
    /// Parts of days before `until` are gone; whole days of a zone that has them are there.
    case onlyDays(before: Instant)
    /// Days of this zone before `since` are nowhere.
    case noDays(before: Instant, zones: [String])
    case unavailable(String)
}
