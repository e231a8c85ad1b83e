import Domain

/// How providers' calls end, from one look to the next.
struct ProviderWatch: Sendable {
    private struct Key: Hashable {
        let bucket: Int64
        let provider: ProviderID
    }

    private struct Sums: Hashable {
        var calls: Int64 = 0
        var failures: Int64 = 0
        var excess: Int128 = 0
    }

    private static let select =
        "SELECT bucket, dimension_id, requests, errors, excess FROM usage_rollups WHERE bucket = ? AND dimension = \(UsageDimension.provider.rawValue)"
    private static let selectName = "SELECT name FROM api_providers WHERE id = ?"
    private static let quartersOfLoss = 5

    /// Calls and failures that were counted already; nil before the first look.
    private var counted: [Key: Sums]?
    private var health: [ProviderID: ProviderHealth] = [:]

    /// What is due of all providers, raised or not.
    mutating func alerts(
        _ rules: AlertRules,
        now: Instant,
        _ connection: any SQLConnection
    ) throws -> [Alert] {
        let newest = RollupPlan.quarter(of: now).microseconds
        let sums = try Self.sums(through: newest, connection)
        // The first look knows nothing of what came when, and takes the running quarter for its window.
        let isFirst = counted == nil
        for (key, sum) in sums where !isFirst || key.bucket == newest {
            let before = counted?[key] ?? Sums()
            health[key.provider, default: ProviderHealth()].count(
                calls: max(0, sum.calls - before.calls),
                failures: max(0, sum.failures - before.failures),
                now: now
            )
        }
        counted = sums
        var alerts: [Alert] = []
        for provider in health.keys.sorted() {
            health[provider]?.count(calls: 0, failures: 0, now: now)
            guard let found = health[provider] else { continue }
            if let alert = try Self.alert(of: provider, found, rules, now, connection) { alerts.append(alert) }
            if found.calls == 0 { health[provider] = nil }
        }
        return alerts + (try Self.losses(sums, connection))
    }

    private static func alert(
        of provider: ProviderID,
        _ health: ProviderHealth,
        _ rules: AlertRules,
        _ now: Instant,
        _ connection: any SQLConnection
    ) throws -> Alert? {
        let failing = try AlertRows.last(.providerFailing, of: provider.rawValue, connection)
        let recovered = try AlertRows.last(.providerRecovered, of: provider.rawValue, connection)
        return health.alert(
            of: provider,
            name: try name(of: provider, connection),
            incident: failing?.period ?? 0,
            isFailing: (failing?.period ?? 0) > (recovered?.period ?? 0),
            since: failing?.raisedAt,
            rules: rules,
            now: now
        )
    }

    /// What providers reported beyond the holds of calls, once an hour.
    private static func losses(_ sums: [Key: Sums], _ connection: any SQLConnection) throws -> [Alert] {
        var losses: [Key: Int128] = [:]
        for (key, sum) in sums where sum.excess > 0 {
            losses[Key(bucket: key.bucket / AlertRaising.hourMicroseconds, provider: key.provider), default: 0] +=
                sum.excess
        }
        return try losses.map { key, loss in
            var alert = Alert(
                kind: .providerLoss,
                severity: .warning,
                subject: key.provider.rawValue,
                period: key.bucket
            )
            alert.name = try name(of: key.provider, connection)
            alert.amount = Money(saturating: loss)
            alert.at = Instant(microseconds: key.bucket * AlertRaising.hourMicroseconds)
            return alert
        }
    }

    /// Of the running quarter and those before it that may still be booked in.
    private static func sums(through newest: Int64, _ connection: any SQLConnection) throws -> [Key: Sums] {
        var sums: [Key: Sums] = [:]
        for step in 0..<quartersOfLoss {
            let bucket = newest - Int64(step) * RollupPlan.quarterMicroseconds
            for row in try connection.query(
                select,
                .integer(bucket),
                row: { (Key(bucket: $0.int64(0), provider: $0.id(1)), $0.int64(2), $0.int64(3), $0.int64(4)) }
            ) {
                var sum = sums[row.0] ?? Sums()
                sum.calls &+= row.1
                sum.failures &+= row.2
                sum.excess += Int128(row.3)
                sums[row.0] = sum
            }
        }
        return sums
    }

    private static func name(of provider: ProviderID, _ connection: any SQLConnection) throws -> String {
        try connection.query(selectName, SQLValue(provider)) { $0.text(0) }.first ?? "\(provider)"
    }
}
