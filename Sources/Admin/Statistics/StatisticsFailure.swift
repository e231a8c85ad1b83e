import Domain

extension ControlError {
    /// Why there are no statistics: what was asked for is not wrong by itself.
    init(_ error: StatisticsError) {
        switch error {
        case .unknownZone:
            self = .contradictoryFields(["time_zone": ["No time zone of this name is known here."]])
        case .tooManyBuckets:
            self = .contradictoryFields([
                "step": ["More than \(StatisticsBuckets.largestCount) pieces; take a longer step."]
            ])
        case .tooManyRows:
            self = .contradictoryFields([
                "non_field_errors": [
                    "Too much would have to be read; take a shorter range, a longer step, or a time zone of statistics.time_zones."
                ]
            ])
        case .onlyDays(let before):
            self = .contradictoryFields([
                "from": [
                    "Before \(before.description) there are only whole days; begin and end with one, in steps of days."
                ]
            ])
        case .noDays(let before, let zones):
            self = .contradictoryFields([
                "time_zone": ["Before \(before.description) there are days of \(zones.joined(separator: ", ")) only."]
            ])
        case .unavailable(let cause):
            self = .unavailable(because: Cause(text: cause))
        }
    }

    private struct Cause: Error, CustomStringConvertible {
        let text: String
        var description: String { text }
    }
}
