/// An alert on its way to one recipient.
package struct AlertDelivery: Sendable {
    package let id: AlertDeliveryID
    package let alert: AlertRecord
    package let target: AlertTarget
    /// The owner's address; nil: the channel's own recipients.
    package let recipient: String?

    package init(id: AlertDeliveryID, alert: AlertRecord, target: AlertTarget, recipient: String?) {
        self.id = id
        self.alert = alert
        self.target = target
        self.recipient = recipient
    }
}

/// Where alerts wait to be delivered. A delivery is claimed before it is sent, for as long as sending may take: whoever
/// claims it and dies has delivered it late, or twice under one id, and never lost it.
package protocol AlertOutbox: Sendable {
    /// Channels for which something is due.
    func dueChannels() async throws(DeskError) -> [AlertChannelID]
    /// The channel's next delivery that is due, nobody else's until ``finish(_:problem:random:)`` or the claim's end.
    func claim(_ channel: AlertChannelID) async throws(DeskError) -> AlertDelivery?
    /// - Parameter problem: nil: it has arrived.
    func finish(_ id: AlertDeliveryID, problem: DeliveryProblem?, random: UInt64) async throws(DeskError)
    /// Lets go of claims of processes that have ended. For databases of one process only, at its start.
    func releaseClaims() async throws(DeskError)
}
