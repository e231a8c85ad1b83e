/// What was raised of a quota's period already.
package struct RaisedAlert: Hashable, Sendable {
    package let kind: AlertKind
    package let threshold: Int64
    package let round: Int64
    package let amount: Money?
    package let total: Money?
    package let at: Instant?

    package init(kind: AlertKind, threshold: Int64, round: Int64, amount: Money?, total: Money?, at: Instant?) {
        self.kind = kind
        self.threshold = threshold
        self.round = round
        self.amount = amount
        self.total = total
        self.at = at
    }
}
