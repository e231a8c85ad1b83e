import Domain

/// What the watch reads of the books' own state.
enum SystemRows {
    private static let selectQuarantine = "SELECT COUNT(*), MAX(created_at) FROM quarantine"

    static func alerts(auditHalt: String?, now: Instant, _ connection: any SQLConnection) throws -> [Alert] {
        var alerts: [Alert] = []
        let waiting = try connection.query(selectQuarantine) { (count: $0.int64(0), newest: $0.optionalInstant(1)) }
        if let waiting = waiting.first, let newest = waiting.newest {
            var alert = Alert(
                kind: .quarantine,
                severity: .critical,
                subject: 0,
                period: newest.microseconds / AlertRaising.hourMicroseconds
            )
            alert.calls = waiting.count
            alert.at = newest
            alerts.append(alert)
        }
        if let auditHalt {
            var alert = Alert(
                kind: .auditHalted,
                severity: .critical,
                subject: 0,
                period: now.microseconds / 86_400_000_000
            )
            alert.name = auditHalt
            alerts.append(alert)
        }
        return alerts
    }
}
