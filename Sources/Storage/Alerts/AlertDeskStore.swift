package import Domain

/// The history of alerts in the database.
package struct AlertDeskStore: AlertDesk {
    private static let largest = 200
    private static let acknowledge =
        "UPDATE alerts SET acknowledged_at = ?, acknowledged_by = ?, acknowledge_reason = ? WHERE id = ? AND acknowledged_at IS NULL"
    private static let selectDeliveries =
        "SELECT d.id, d.channel_id, c.name, d.user_id, d.state, d.attempts, d.next_attempt_at, d.problem, d.finished_at FROM alert_deliveries d LEFT JOIN alert_channels c ON c.id = d.channel_id WHERE d.alert_id = ? ORDER BY d.id LIMIT 1000"
    private static let slices = SQLSlice<AlertID>(
        from: "alerts a",
        key: "a.id",
        edge: "a.id, a.raised_at",
        bind: { SQLValue($0) },
        readEdge: { ($0.id(0), $0.instant(1)) }
    )

    private let desk: ControlDesk

    package init(desk: ControlDesk) { self.desk = desk }

    package func alerts(_ query: AlertQuery) async throws(DeskError) -> ListSlice<AlertRecord, AlertID> {
        try await desk.read { connection in
            var range = SQLFilter()
            if let user = query.userID { range.add("a.user_id = ?", SQLValue(user)) }
            return try Self.slices.read(
                AlertRows.select,
                in: range,
                where: { Self.add(query, to: &$0) },
                query.cursor,
                limit: min(max(1, query.limit), Self.largest),
                connection,
                row: { AlertRows.record($0) },
                keyOf: \.id
            )
        }
    }

    private static func add(_ query: AlertQuery, to filter: inout SQLFilter) {
        filter.equals("a.kind", query.kind.map { .text($0.rawValue) })
        if let least = query.leastSeverity { filter.add("a.severity >= ?", .integer(least.rawValue)) }
        if let from = query.from { filter.add("a.raised_at >= ?", SQLValue(from)) }
        if let to = query.to { filter.add("a.raised_at < ?", SQLValue(to)) }
        if let isAcknowledged = query.isAcknowledged {
            filter.add("a.acknowledged_at IS \(isAcknowledged ? "NOT " : "")NULL")
        }
        if query.isOwners { filter.add("a.kind IN ('quota_threshold', 'quota_expiry')") }
    }

    package func alert(
        _ id: AlertID
    ) async throws(DeskError) -> (alert: AlertRecord, deliveries: [DeliveryRecord])? {
        try await desk.read { connection in
            guard let alert = try AlertRows.find(id, connection) else { return nil }
            return (alert, try connection.query(Self.selectDeliveries, SQLValue(id), row: Self.delivery))
        }
    }

    private static func delivery(_ row: any SQLStatement) -> DeliveryRecord {
        let state = DeliveryRecord.State(rawValue: row.int64(4)) ?? .pending
        let user = row.int64(3)
        return DeliveryRecord(
            id: row.id(0),
            channel: Named(id: row.id(1), name: row.optionalText(2)),
            userID: user == 0 ? nil : UserID(user),
            state: state,
            attempts: row.int64(5),
            nextAttemptAt: state == .pending ? row.instant(6) : nil,
            problem: row.optionalText(7).flatMap(DeliveryProblem.init(rawValue:)),
            finishedAt: row.optionalInstant(8)
        )
    }

    package func acknowledge(
        _ id: AlertID,
        reason: String,
        by actor: Actor
    ) async throws(DeskError) -> AlertRecord {
        try await desk.write { act in
            guard try AlertRows.find(id, act.connection) != nil else { throw DeskError.notFound }
            let changed = try act.connection.execute(
                Self.acknowledge,
                SQLValue(act.now),
                .text(actor.description),
                .text(reason),
                SQLValue(id)
            )
            guard changed == 1 else { throw DeskError.conflict(.acknowledged) }
            try act.testify("alert acknowledged", row: id.rawValue, by: actor.description)
            guard let alert = try AlertRows.find(id, act.connection) else { throw DeskError.notFound }
            return alert
        }
    }

    package func rules() async throws(DeskError) -> AlertRules {
        try await desk.read { try AlertRulesRows.read($0) }
    }

    package func change(
        _ changes: AlertRulesChanges,
        if precondition: Precondition,
        by actor: Actor
    ) async throws(DeskError) -> AlertRules {
        try await desk.write { act in
            try precondition.check(try AlertRulesRows.read(act.connection).updatedAt)
            let fields = try AlertRulesRows.set(changes, act)
            if !fields.isEmpty {
                try act.testify("alert_rules updated", row: 1, fields: fields, by: actor.description)
            }
            return try AlertRulesRows.read(act.connection)
        }
    }

    package func preferences(of user: UserID) async throws(DeskError) -> AlertPreferences {
        try await desk.read { try AlertPreferenceRows.find(user, $0) }
    }

    package func setPreferences(
        byMail: Bool?,
        of user: UserID,
        if precondition: Precondition,
        by actor: Actor
    ) async throws(DeskError) -> AlertPreferences {
        try await desk.write { act in
            let found = try AlertPreferenceRows.find(user, act.connection)
            try precondition.check(found.updatedAt)
            guard let byMail, byMail != found.byMail else { return found }
            try AlertPreferenceRows.set(byMail: byMail, of: user, act)
            try act.testify(
                "alert_preferences updated",
                row: user.rawValue,
                fields: ["by_mail"],
                by: actor.description
            )
            return try AlertPreferenceRows.find(user, act.connection)
        }
    }
}
