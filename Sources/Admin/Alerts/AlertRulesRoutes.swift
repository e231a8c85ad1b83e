import Domain
import HTTPTypes
import Hummingbird

/// `/api/admin/alert-rules`: when people are warned.
struct AlertRulesRoutes: Sendable {
    private static let path = "/api/admin/alert-rules"

    private static let thresholds = steps(
        "threshold_percents",
        "Of a quota's total that was used.",
        AlertRules.percents
    )
    private static let hours = steps("expiry_hours", "Before a quota's end, while money is left.", AlertRules.hours)
    private static let floor = QuotaFields.amount("unusual_spend_floor", "An hour's spending below it never alarms.")
    private static let factor = Field<Int64>.integer(
        "unusual_spend_factor",
        "So many times the second dearest hour of the week before is unusual.",
        AlertRules.factors
    )
    private static let failurePercent = Field<Int64>.integer(
        "failure_percent",
        "Of a provider's calls in five minutes.",
        AlertRules.percents
    )
    private static let leastFailures = Field<Int64>.integer(
        "least_failures",
        "Fewer never alarm.",
        AlertRules.counts
    )
    private static let shape = Shape.object(
        "AlertRules",
        [
            "threshold_percents": .list(.count), "expiry_hours": .list(.count), "unusual_spend_floor": .money,
            "unusual_spend_factor": .count, "failure_percent": .count, "least_failures": .count,
        ]
    )

    private static func steps(_ name: String, _ note: String, _ range: ClosedRange<Int64>) -> Field<[Int64]> {
        .list(name, note, of: .integer("", "", range), most: AlertRules.mostSteps)
    }

    let alerting: Alerting

    var operations: [Operation] {
        [
            .guarded(.get, Self.path, atLeast: .auditor, "When alerts are raised.", gives: .ok(Self.shape)) { _, _ in
                Self.answer(try await alerting.desk.rules())
            },
            .guarded(
                .patch,
                Self.path,
                atLeast: .admin,
                "Changes when alerts are raised. Empty lists of steps warn of none.",
                body: Body(optional: [
                    Self.thresholds, Self.hours, Self.floor, Self.factor, Self.failurePercent, Self.leastFailures,
                ]),
                gives: .ok(Self.shape)
            ) { asked, caller in
                var form = try await asked.form()
                var changes = AlertRulesChanges()
                changes.thresholdPercents = form.value(Self.thresholds)
                changes.expiryHours = form.value(Self.hours)
                changes.unusualSpendFloor = form.value(Self.floor)
                changes.unusualSpendFactor = form.value(Self.factor)
                changes.failurePercent = form.value(Self.failurePercent)
                changes.leastFailures = form.value(Self.leastFailures)
                try form.finish()
                return Self.answer(
                    try await alerting.desk.change(changes, if: asked.precondition, by: caller.actor)
                )
            },
        ]
    }

    private static func answer(_ rules: AlertRules) -> Response {
        JSONAnswer.response(Answer(rules: rules), version: rules.updatedAt)
    }

    private struct Answer: Encodable {
        let rules: AlertRules

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: NameKey.self)
            try container.encode(rules.thresholdPercents, forKey: NameKey("threshold_percents"))
            try container.encode(rules.expiryHours, forKey: NameKey("expiry_hours"))
            try container.encode(rules.unusualSpendFloor.description, forKey: NameKey("unusual_spend_floor"))
            try container.encode(rules.unusualSpendFactor, forKey: NameKey("unusual_spend_factor"))
            try container.encode(rules.failurePercent, forKey: NameKey("failure_percent"))
            try container.encode(rules.leastFailures, forKey: NameKey("least_failures"))
        }
    }
}
