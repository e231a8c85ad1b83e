/// A log as it was signed last, told to whoever checks a proof.
package struct SignedLog: Hashable, Sendable {
    /// The whole note.
    package let checkpoint: String
    package let verifierKey: String
    /// How many leaves the checkpoint vouches for.
    package let size: UInt64

    package init(checkpoint: String, verifierKey: String, size: UInt64) {
        self.checkpoint = checkpoint
        self.verifierKey = verifierKey
        self.size = size
    }
}

/// A bill's leaf, with the path from it to the root that was signed.
package struct SignedLeaf: Hashable, Sendable {
    /// What is hashed behind a zero byte, eight bytes each, big-endian.
    package struct Word: Hashable, Sendable {
        package let name: String
        package let value: Int64

        package init(name: String, value: Int64) {
            self.name = name
            self.value = value
        }
    }

    /// The bill was closed by a policy before; this leaf has what its settlement made of it.
    package let isCorrection: Bool
    package let index: UInt64
    /// As the log has it, whatever the row says now.
    package let hash: [UInt8]
    package let path: [[UInt8]]
    /// Of the row as it is now: they hash to `hash` unless somebody changed it.
    package let words: [Word]

    package init(isCorrection: Bool, index: UInt64, hash: [UInt8], path: [[UInt8]], words: [Word]) {
        self.isCorrection = isCorrection
        self.index = index
        self.hash = hash
        self.path = path
        self.words = words
    }

    /// The bytes that `hash` is the SHA-256 of, if the row is as it was.
    package var preimage: [UInt8] {
        [0] + words.flatMap { word in withUnsafeBytes(of: word.value.bigEndian) { Array($0) } }
    }
}

/// Where a call's bill stands in the signed log.
package struct SignedBill: Hashable, Sendable {
    package enum State: String, CaseIterable, Sendable {
        /// The call holds money still: there is no bill.
        case open
        /// The bill is there; its leaf has no place in what was signed yet.
        case pending
        case signed
        /// The row holds what no bill does: somebody wrote to it.
        case altered
        /// A bill without its leaf: somebody took it away.
        case missing
    }

    package let state: State
    /// None unless signed.
    package let leaves: [SignedLeaf]
    /// Nil before anything is signed.
    package let log: SignedLog?

    package init(state: State, leaves: [SignedLeaf] = [], log: SignedLog? = nil) {
        self.state = state
        self.leaves = leaves
        self.log = log
    }
}

/// That a log only grew since somebody kept a checkpoint of it.
package struct LogGrowth: Hashable, Sendable {
    /// Nil where the log has fewer leaves than were asked from, or nothing is signed.
    package let path: [[UInt8]]?
    package let log: SignedLog?

    package init(path: [[UInt8]]?, log: SignedLog?) {
        self.path = path
        self.log = log
    }
}

/// Proofs out of the signed log, each from a few tiles of the tree.
package protocol AuditProofs: Sendable {
    /// - Parameter owner: another user's is nil.
    func bill(_ id: CallID, of owner: UserID?) async throws(DeskError) -> SignedBill?
    /// - Parameters:
    ///   - size: of the checkpoint that somebody kept.
    ///   - origin: which log that was; nil: the one that grows.
    /// - Returns: nil where no log has this origin.
    func growth(from size: UInt64, origin: String?) async throws(DeskError) -> LogGrowth?
}
