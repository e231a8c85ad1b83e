import Domain

/// Raises alerts: each row and the deliveries that go with it are one transaction, so that what stands in the history is
/// also on its way.
struct AlertRaising {
    /// An hour's alerts of a channel; what is beyond them stands in the history only, and one alert says so.
    static let mostAnHour: Int64 = 60
    /// An hour's mails of one owner.
    static let mostAnHourOfOwner: Int64 = 20
    static let hourMicroseconds: Int64 = 3_600_000_000

    private static let countRecent =
        "SELECT COUNT(*) FROM alert_deliveries WHERE channel_id = ? AND user_id = ? AND created_at > ?"
    private static let enqueue =
        "INSERT INTO alert_deliveries (alert_id, channel_id, user_id, next_attempt_at, created_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (alert_id, channel_id, user_id) DO NOTHING"

    let subscriptions: [AlertSubscription]
    let act: ActTransaction

    init(_ act: ActTransaction) throws {
        self.act = act
        subscriptions = try AlertChannelRows.subscriptions(act.connection)
    }

    /// - Returns: how many of them nobody had raised yet.
    @discardableResult
    func raise(_ alerts: [Alert]) throws -> Int {
        var raised = 0
        for alert in alerts {
            guard let id = try AlertRows.insert(alert, now: act.now, act.connection) else { continue }
            raised += 1
            for subscription in subscriptions where subscription.takes(alert) {
                switch subscription.audience {
                case .operators: try tell(subscription.channel, of: id)
                case .owners: try tellOwner(by: subscription.channel, of: id, alert)
                }
            }
        }
        return raised
    }

    private func tell(_ channel: AlertChannelID, of id: AlertID) throws {
        if try recent(channel, user: 0) < Self.mostAnHour { return try enqueue(id, channel, user: 0) }
        var held = Alert(
            kind: .heldBack,
            severity: .warning,
            subject: channel.rawValue,
            period: act.now.microseconds / Self.hourMicroseconds
        )
        held.calls = Self.mostAnHour
        // Told by this channel whatever it is otherwise limited to: it is about the channel itself.
        if let id = try AlertRows.insert(held, now: act.now, act.connection) { try enqueue(id, channel, user: 0) }
    }

    private func tellOwner(by channel: AlertChannelID, of id: AlertID, _ alert: Alert) throws {
        guard let user = alert.userID, try AlertPreferenceRows.address(of: user, act.connection) != nil,
            try recent(channel, user: user.rawValue) < Self.mostAnHourOfOwner
        else { return }
        try enqueue(id, channel, user: user.rawValue)
    }

    private func recent(_ channel: AlertChannelID, user: Int64) throws -> Int64 {
        try act.connection.query(
            Self.countRecent,
            SQLValue(channel),
            .integer(user),
            .integer(act.now.microseconds - Self.hourMicroseconds)
        ) { $0.int64(0) }.first ?? 0
    }

    private func enqueue(_ id: AlertID, _ channel: AlertChannelID, user: Int64) throws {
        try act.connection.execute(
            Self.enqueue,
            SQLValue(id),
            SQLValue(channel),
            .integer(user),
            SQLValue(act.now),
            SQLValue(act.now)
        )
    }
}
