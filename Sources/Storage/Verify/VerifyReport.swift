package import Domain

/// What `ledger verify` found.
package struct VerifyReport: Sendable {
    /// Two figures that should agree and do not.
    package struct Difference: Hashable, Sendable {
        /// What was compared: `grant 3: held`, `call 0191…: leaf`.
        package let subject: String
        package let stored: String
        package let derived: String

        package init(subject: String, stored: String, derived: String) {
            self.subject = subject
            self.stored = stored
            self.derived = derived
        }
    }

    /// How many differences are kept; one is enough to fail.
    static let differenceLimit = 1_000
    /// How many calls are listed of each kind; all are counted.
    static let listLimit = 10_000

    package var calls = 0
    package var grants = 0
    package var keyLimits = 0
    /// What customers pay for all calls, corrections and refunds included, in pico-dollars.
    package var charged: Int128 = 0
    /// Calls that hold money now; not errors.
    package var open: [CallID] = []
    package var openCount = 0
    /// Calls closed by a policy because their process died, and not settled since.
    package var uncertain: [CallID] = []
    package var uncertainCount = 0
    package var quarantined: [CallID] = []
    package var differences: [Difference] = []
    /// There are more differences than were kept.
    package var isCut = false

    package var isProven: Bool { differences.isEmpty }

    mutating func differ(
        _ subject: String,
        stored: some CustomStringConvertible,
        derived: some CustomStringConvertible
    ) {
        guard differences.count < Self.differenceLimit else {
            isCut = true
            return
        }
        differences.append(.init(subject: subject, stored: stored.description, derived: derived.description))
    }

    mutating func noteOpen(_ id: CallID) {
        openCount += 1
        if open.count < Self.listLimit { open.append(id) }
    }

    mutating func noteUncertain(_ id: CallID) {
        uncertainCount += 1
        if uncertain.count < Self.listLimit { uncertain.append(id) }
    }

    /// A sum of money as it is shown.
    static func dollars(_ picos: Int128) -> String {
        Int64(exactly: picos).map { Money(picoDollars: $0).description } ?? "\(picos) pico-dollars"
    }
}
