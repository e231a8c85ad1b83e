/// What is asked of the flow from users to providers.
package struct FlowQuestion: Hashable, Sendable {
    /// Not empty, both on a quarter of an hour.
    package let range: Range<Instant>
    package let zone: Zone
    /// Of each kind so many are shown, those that most was spent on; the others together.
    package let limit: Int
    /// Whose keys; nil: everybody's.
    package let user: UserID?

    package init(range: Range<Instant>, zone: Zone, limit: Int, user: UserID? = nil) {
        self.range = range
        self.zone = zone
        self.limit = limit
        self.user = user
    }
}

/// A flow, with what its nodes are called.
package struct FlowAnswer: Hashable, Sendable {
    /// What it is of: later than was asked for where joint sums were not kept before. Empty where there are none of the time.
    package let range: Range<Instant>
    package let flow: UsageFlow
    package let names: [UsageFlow.Node: String]

    package init(range: Range<Instant>, flow: UsageFlow, names: [UsageFlow.Node: String] = [:]) {
        self.range = range
        self.flow = flow
        self.names = names
    }
}
