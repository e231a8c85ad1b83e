/// An alert as the history has it.
package struct AlertRecord: Hashable, Sendable {
    package let id: AlertID
    package let alert: Alert
    /// The address of ``Alert/userID``, as it is now.
    package let userEmail: String?
    package let raisedAt: Instant
    package let acknowledgement: Acknowledgement?

    package struct Acknowledgement: Hashable, Sendable {
        package let at: Instant
        package let actor: String
        package let reason: String

        package init(at: Instant, actor: String, reason: String) {
            self.at = at
            self.actor = actor
            self.reason = reason
        }
    }

    package init(
        id: AlertID,
        alert: Alert,
        userEmail: String?,
        raisedAt: Instant,
        acknowledgement: Acknowledgement?
    ) {
        self.id = id
        self.alert = alert
        self.userEmail = userEmail
        self.raisedAt = raisedAt
        self.acknowledgement = acknowledgement
    }
}
