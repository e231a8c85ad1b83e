/// What is remarkable about a bill; stored as bits.
package struct BillFlags: OptionSet, Hashable, Sendable {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }

    /// Nothing is. (The literal `[]` is a generic call, in another target not a constant.)
    package static let none = BillFlags(rawValue: 0)
    /// Some count is our estimate, not the upstream's word.
    package static let estimated = BillFlags(rawValue: 1 << 0)
    /// The client left before the end.
    package static let clientGone = BillFlags(rawValue: 1 << 1)
    /// The upstream broke off, stalled or sent what could not be read.
    package static let upstreamBroken = BillFlags(rawValue: 1 << 2)
    /// Reported counts contradict each other or the model's limits.
    package static let implausibleUsage = BillFlags(rawValue: 1 << 3)
    /// Usage × price was more than the hold; the rest is the provider's loss.
    package static let exceededHold = BillFlags(rawValue: 1 << 4)
    /// Closed by policy (charged or voided) because the call's fate is unknown.
    package static let chargedByPolicy = BillFlags(rawValue: 1 << 5)
    /// Ended after a policy had closed it: a correction was posted.
    package static let corrected = BillFlags(rawValue: 1 << 6)
    /// The row was missing when the call ended and was written whole.
    package static let orphan = BillFlags(rawValue: 1 << 7)
    /// A class had no price of its own.
    package static let fallbackRate = BillFlags(rawValue: 1 << 8)
    /// Cut by us: output passed what was held.
    package static let cutAtLimit = BillFlags(rawValue: 1 << 9)
    /// Voided, but the upstream may have worked: `cost` is what it may charge us.
    package static let unknownCost = BillFlags(rawValue: 1 << 10)
    /// An orphan or a correction found less money than it should have charged; the rest is the provider's loss.
    package static let unfunded = BillFlags(rawValue: 1 << 11)
    /// The client left, the output stayed unknown, and `disconnect_unknown` says what that costs.
    package static let unknownOutput = BillFlags(rawValue: 1 << 12)
}

/// How a call ended, as the gateway saw it.
package struct CallResult: Hashable, Sendable {
    package enum Outcome: Hashable, Sendable {
        case captured
        case voided
    }

    package let outcome: Outcome
    package let usage: Usage
    /// To the customer; zero when voided, never above the hold.
    package let charge: Money
    /// At the provider; also for a voided call whose upstream may have worked.
    package let cost: Money
    /// What usage × price exceeded the hold by: our loss, with an alert.
    package let excess: Money
    package let flags: BillFlags
    /// What the client was answered.
    package let statusCode: Int
    package let endedAt: Instant
    package let durationMilliseconds: Int64
    /// Nil if no byte of an answer came.
    package let firstByteMilliseconds: Int64?
    /// The upstream's usage object as it stood on the wire; nil if there was none.
    package let rawUsage: [UInt8]?

    package init(
        outcome: Outcome,
        usage: Usage,
        charge: Money,
        cost: Money,
        excess: Money = .zero,
        flags: BillFlags,
        statusCode: Int,
        endedAt: Instant,
        durationMilliseconds: Int64,
        firstByteMilliseconds: Int64?,
        rawUsage: [UInt8]?
    ) {
        self.outcome = outcome
        self.usage = usage
        self.charge = charge
        self.cost = cost
        self.excess = excess
        self.flags = flags
        self.statusCode = statusCode
        self.endedAt = endedAt
        self.durationMilliseconds = durationMilliseconds
        self.firstByteMilliseconds = firstByteMilliseconds
        self.rawUsage = rawUsage
    }
}

/// A call that ends. It carries the whole row, so that it can be written even if the row is gone.
package struct Settlement: Sendable {
    package let call: CallIntent
    package let hold: Hold
    package let result: CallResult

    package init(call: CallIntent, hold: Hold, result: CallResult) {
        self.call = call
        self.hold = hold
        self.result = result
    }
}

/// What became of a settlement.
package enum SettleOutcome: Hashable, Sendable {
    /// The bill is on disk, in the database or in the fsynced spool: the answer may end.
    case durable
    /// Neither took it: the last part is withheld and the connection closed. The hold stays.
    case lost
}
