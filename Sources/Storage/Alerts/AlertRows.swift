import Domain

/// Alerts in the database.
enum AlertRows {
    private static let key = "kind = ? AND subject_id = ? AND period = ? AND threshold = ? AND round = ?"
    private static let selectKey = "SELECT 1 FROM alerts WHERE \(key)"
    private static let insert =
        "INSERT INTO alerts (kind, subject_id, period, threshold, round, severity, user_id, name, amount, total, calls, failures, at, is_told, raised_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (kind, subject_id, period, threshold, round) DO NOTHING RETURNING id"
    private static let selectRaised =
        "SELECT kind, threshold, round, amount, total, at FROM alerts WHERE kind IN ('quota_threshold', 'quota_expiry') AND subject_id = ? AND period = ?"
    private static let columns =
        "a.id, a.kind, a.severity, a.subject_id, a.threshold, a.period, a.round, a.user_id, a.name, a.amount, a.total, a.calls, a.failures, a.at, a.is_told, a.raised_at, a.acknowledged_at, a.acknowledged_by, a.acknowledge_reason, u.email"
    static let select = "SELECT \(columns) FROM alerts a LEFT JOIN users u ON u.id = a.user_id"
    private static let selectOne = select + " WHERE a.id = ?"
    private static let selectLast =
        "SELECT period, raised_at FROM alerts WHERE kind = ? AND subject_id = ? ORDER BY period DESC LIMIT 1"

    /// Raises what nobody has raised. - Returns: its id; nil where somebody was faster.
    static func insert(_ alert: Alert, now: Instant, _ connection: any SQLConnection) throws -> AlertID? {
        let values =
            keyValues(alert) + [
                .integer(alert.severity.rawValue), SQLValue(alert.userID?.rawValue), .text(alert.name),
                SQLValue(alert.amount?.picoDollars), SQLValue(alert.total?.picoDollars), SQLValue(alert.calls),
                SQLValue(alert.failures), SQLValue(alert.at), SQLValue(alert.isTold), SQLValue(now),
            ]
        return try connection.query(insert, values: values) { $0.id(0, AlertID.self) }.first
    }

    static func isRaised(_ alert: Alert, _ connection: any SQLConnection) throws -> Bool {
        try !connection.query(selectKey, values: keyValues(alert)) { $0.int64(0) }.isEmpty
    }

    /// What was raised of a quota's period.
    static func raised(of grant: Grant, _ connection: any SQLConnection) throws -> [RaisedAlert] {
        try connection.query(selectRaised, SQLValue(grant.quotaID), .integer(grant.ordinal)) { row in
            AlertKind(rawValue: row.text(0)).map { kind in
                RaisedAlert(
                    kind: kind,
                    threshold: row.int64(1),
                    round: row.int64(2),
                    amount: row.optionalInt64(3).map(Money.init(picoDollars:)),
                    total: row.optionalInt64(4).map(Money.init(picoDollars:)),
                    at: row.optionalInstant(5)
                )
            }
        }.compactMap(\.self)
    }

    /// The newest period of `subject` that has an alert of this kind, and when that was raised.
    static func last(
        _ kind: AlertKind,
        of subject: Int64,
        _ connection: any SQLConnection
    ) throws -> (period: Int64, raisedAt: Instant)? {
        try connection.query(selectLast, .text(kind.rawValue), .integer(subject)) {
            ($0.int64(0), $0.instant(1))
        }.first
    }

    static func find(_ id: AlertID, _ connection: any SQLConnection) throws -> AlertRecord? {
        try connection.query(selectOne, SQLValue(id)) { record($0) }.first ?? nil
    }

    /// - Parameter first: where the columns of ``select`` begin.
    /// - Returns: nil for a kind that this program does not know.
    static func record(_ row: any SQLStatement, from first: Int = 0) -> AlertRecord? {
        guard let kind = AlertKind(rawValue: row.text(first + 1)),
            let severity = AlertSeverity(rawValue: row.int64(first + 2))
        else { return nil }
        var alert = Alert(
            kind: kind,
            severity: severity,
            subject: row.int64(first + 3),
            period: row.int64(first + 5)
        )
        alert.threshold = row.int64(first + 4)
        alert.round = row.int64(first + 6)
        alert.userID = row.optionalInt64(first + 7).map(UserID.init(_:))
        alert.name = row.text(first + 8)
        alert.amount = row.optionalInt64(first + 9).map(Money.init(picoDollars:))
        alert.total = row.optionalInt64(first + 10).map(Money.init(picoDollars:))
        alert.calls = row.optionalInt64(first + 11)
        alert.failures = row.optionalInt64(first + 12)
        alert.at = row.optionalInstant(first + 13)
        alert.isTold = row.bool(first + 14)
        return AlertRecord(
            id: row.id(first),
            alert: alert,
            userEmail: row.optionalText(first + 19),
            raisedAt: row.instant(first + 15),
            acknowledgement: row.optionalInstant(first + 16).map {
                .init(at: $0, actor: row.text(first + 17), reason: row.optionalText(first + 18) ?? "")
            }
        )
    }

    private static func keyValues(_ alert: Alert) -> [SQLValue] {
        [
            .text(alert.kind.rawValue), .integer(alert.subject), .integer(alert.period), .integer(alert.threshold),
            .integer(alert.round),
        ]
    }
}
