package import Domain

/// What `audit verify` found.
package struct AuditReport: Sendable {
    package struct Log: Hashable, Sendable {
        package let origin: String
        package let verifierKey: String
        package let size: UInt64
        package let root: String
    }

    package struct Unsequenced: Hashable, Sendable {
        /// Of acts: nil.
        package let call: CallID?
        package let writtenAt: Instant
    }

    /// How many leaves are listed that have no place yet; all are counted.
    static let listLimit = 10_000

    package var logs: [Log] = []
    package var bills = 0
    /// Checkpoints that agree with the tree or not; those of the database and from outside.
    package var checkpoints = 0
    /// Of these the ones from outside.
    package var externalCheckpoints = 0
    package var unsequenced: [Unsequenced] = []
    package var unsequencedCount: Int64 = 0
    /// Logs that a restore broke off, and how much of them is gone.
    package var broken: [String] = []
    package var findings = VerifyReport()

    package var isProven: Bool { findings.isProven }
    package var leaves: UInt64 { logs.reduce(0) { $0 + $1.size } }
}
