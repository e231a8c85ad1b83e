package import Domain

/// Makes the next periods of quotas that renew themselves, a little before they begin, each once.
package struct QuotaRenewals: Sendable {
    /// How long before its start a period is made.
    static let aheadMicroseconds: Int64 = 5 * 60 * 1_000_000
    static let mostAtOnce = 500

    private static let newest =
        "n.ordinal = (SELECT MAX(m.ordinal) FROM quota_grants m WHERE m.quota_id = q.id)"
    private static let selectDue =
        "SELECT q.id, q.renewal, q.renewal_time_zone, q.renewal_amount FROM user_quotas q JOIN quota_grants n ON n.quota_id = q.id AND \(newest) WHERE q.renewal IS NOT NULL AND q.is_active = 1 AND n.ends_at <= ? AND q.id > ? ORDER BY q.id LIMIT \(mostAtOnce)"
    private static let selectEnd =
        "SELECT n.ends_at FROM user_quotas q JOIN quota_grants n ON n.quota_id = q.id AND \(newest) WHERE q.id = ? AND q.renewal IS NOT NULL AND q.is_active = 1"

    private let desk: ControlDesk
    private let zones: any TimeZones

    package init(desk: ControlDesk, zones: any TimeZones) {
        self.desk = desk
        self.zones = zones
    }

    /// - Returns: quotas whose time zone this host does not know (any more); they wait.
    @discardableResult
    package func run() async throws(DeskError) -> [QuotaID] {
        var stuck: [QuotaID] = []
        var last = QuotaID(0)
        while true {
            let after = last
            let due = try await desk.read { [clock = desk.clock] connection in
                try connection.query(
                    Self.selectDue,
                    .integer(try LedgerTime.now(clock, connection).microseconds + Self.aheadMicroseconds),
                    SQLValue(after)
                ) { row in (id: row.id(0, QuotaID.self), renewal: QuotaRecords.renewal(row, from: 1)) }
            }
            for quota in due {
                last = quota.id
                guard let renewal = quota.renewal, let zone = zones.zone(named: renewal.timeZone) else {
                    stuck.append(quota.id)
                    continue
                }
                try await desk.write { try Self.renew(quota.id, renewal, in: zone, $0) }
            }
            if due.count < Self.mostAtOnce { return stuck }
        }
    }

    /// Decided anew under the lock: another server may have been faster.
    private static func renew(_ id: QuotaID, _ renewal: Renewal, in zone: Zone, _ act: ActTransaction) throws {
        let ends = try act.connection.query(selectEnd, SQLValue(id)) { $0.optionalInstant(0) }
        guard let end = ends.first ?? nil,
            let period = renewal.period(after: end, at: act.now, aheadMicroseconds: aheadMicroseconds, in: zone)
        else { return }
        let actor = Actor.command("renewal")
        var edit = try QuotaEdit(id, reason: "renewed \(renewal.period.rawValue)", actor: actor.description, act)
        try edit.begin(funded: renewal.amount, endsAt: period.upperBound, isActive: true)
        try edit.finish()
        try act.record(.quota, row: id.rawValue, .renewed, by: actor)
    }
}
