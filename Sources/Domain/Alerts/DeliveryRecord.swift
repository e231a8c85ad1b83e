/// How an alert's way to one recipient went.
package struct DeliveryRecord: Hashable, Sendable {
    package enum State: Int64, CaseIterable, Sendable {
        case pending = 0
        case delivered = 1
        case failed = 2

        package var name: String {
            switch self {
            case .pending: "pending"
            case .delivered: "delivered"
            case .failed: "failed"
            }
        }
    }

    package let id: AlertDeliveryID
    package let channel: Named<Entity.AlertChannel>
    /// The owner that it goes to; nil: the channel's own recipients.
    package let userID: UserID?
    package let state: State
    package let attempts: Int64
    package let nextAttemptAt: Instant?
    /// Why the last attempt failed, in words of our own.
    package let problem: DeliveryProblem?
    package let finishedAt: Instant?

    package init(
        id: AlertDeliveryID,
        channel: Named<Entity.AlertChannel>,
        userID: UserID?,
        state: State,
        attempts: Int64,
        nextAttemptAt: Instant?,
        problem: DeliveryProblem?,
        finishedAt: Instant?
    ) {
        self.id = id
        self.channel = channel
        self.userID = userID
        self.state = state
        self.attempts = attempts
        self.nextAttemptAt = nextAttemptAt
        self.problem = problem
        self.finishedAt = finishedAt
    }
}
