package import Domain

/// What the routes of alerts and their channels work with.
package struct Alerting: Sendable {
    let desk: any AlertDesk
    let channels: any AlertChannels
    let sender: AlertSender
    let now: @Sendable () -> Instant

    package init(
        desk: any AlertDesk,
        channels: any AlertChannels,
        sender: AlertSender,
        now: @escaping @Sendable () -> Instant
    ) {
        self.desk = desk
        self.channels = channels
        self.sender = sender
        self.now = now
    }

    var operations: [Operation] {
        AlertRoutes(alerting: self).operations + AlertChannelRoutes(alerting: self).operations
            + AlertRulesRoutes(alerting: self).operations
    }
}
