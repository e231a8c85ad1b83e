import Domain

/// The one row of rules; without it the defaults hold.
enum AlertRulesRows {
    private static let select =
        "SELECT threshold_percents, expiry_hours, unusual_spend_floor, unusual_spend_factor, failure_percent, least_failures, updated_at FROM alert_rules WHERE id = 1"
    private static let upsert =
        "INSERT INTO alert_rules (id, threshold_percents, expiry_hours, unusual_spend_floor, unusual_spend_factor, failure_percent, least_failures, updated_at) VALUES (1, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET threshold_percents = excluded.threshold_percents, expiry_hours = excluded.expiry_hours, unusual_spend_floor = excluded.unusual_spend_floor, unusual_spend_factor = excluded.unusual_spend_factor, failure_percent = excluded.failure_percent, least_failures = excluded.least_failures, updated_at = MAX(excluded.updated_at, alert_rules.updated_at + 1)"

    static func read(_ connection: any SQLConnection) throws -> AlertRules {
        try connection.query(select) { row in
            var rules = AlertRules()
            rules.thresholdPercents = numbers(row.text(0))
            rules.expiryHours = numbers(row.text(1))
            rules.unusualSpendFloor = row.money(2)
            rules.unusualSpendFactor = row.int64(3)
            rules.failurePercent = row.int64(4)
            rules.leastFailures = row.int64(5)
            rules.updatedAt = row.instant(6)
            return rules
        }.first ?? AlertRules()
    }

    /// - Returns: the names of what is new.
    static func set(_ changes: AlertRulesChanges, _ act: ActTransaction) throws -> [String] {
        let old = try read(act.connection)
        var new = old
        var fields: [String] = []
        func take<Value: Equatable>(
            _ value: Value?,
            _ path: WritableKeyPath<AlertRules, Value>,
            _ name: String
        ) {
            guard let value, value != old[keyPath: path] else { return }
            new[keyPath: path] = value
            fields.append(name)
        }
        take(changes.thresholdPercents.map(AlertRules.steps), \.thresholdPercents, "threshold_percents")
        take(changes.expiryHours.map(AlertRules.steps), \.expiryHours, "expiry_hours")
        take(changes.unusualSpendFloor, \.unusualSpendFloor, "unusual_spend_floor")
        take(changes.unusualSpendFactor, \.unusualSpendFactor, "unusual_spend_factor")
        take(changes.failurePercent, \.failurePercent, "failure_percent")
        take(changes.leastFailures, \.leastFailures, "least_failures")
        guard !fields.isEmpty else { return [] }
        try act.connection.execute(
            upsert,
            .text(text(new.thresholdPercents)),
            .text(text(new.expiryHours)),
            SQLValue(new.unusualSpendFloor),
            .integer(new.unusualSpendFactor),
            .integer(new.failurePercent),
            .integer(new.leastFailures),
            SQLValue(act.now)
        )
        return fields
    }

    static func numbers(_ text: String) -> [Int64] { text.split(separator: " ").compactMap { Int64($0) } }

    static func text(_ numbers: [Int64]) -> String { numbers.map(String.init).joined(separator: " ") }
}
