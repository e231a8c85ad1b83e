/// What is kept of a call's bodies.
package struct CallBody: Hashable, Sendable {
    package let id: CallID
    package let standing: BodyStanding
    package let isStreamed: Bool
    package let request: CapturedBody
    package let answer: CapturedBody

    package init(
        id: CallID,
        standing: BodyStanding,
        isStreamed: Bool,
        request: CapturedBody,
        answer: CapturedBody
    ) {
        self.id = id
        self.standing = standing
        self.isStreamed = isStreamed
        self.request = request
        self.answer = answer
    }
}

/// That something is kept, without being looked at.
package struct BodyStanding: Hashable, Sendable {
    package let capture: Capture
    /// When its time is over, by the setting of now.
    package let keptUntil: Instant

    package init(capture: Capture, keptUntil: Instant) {
        self.capture = capture
        self.keptUntil = keptUntil
    }
}

/// Why nothing is kept of a call, as far as that is known.
package enum BodyAbsence: String, Hashable, Sendable, CaseIterable {
    /// Nothing was captured, or it could not be kept.
    case notCaptured = "body_not_captured"
    /// Older than bodies are kept.
    case expired = "body_expired"
    case erased = "body_erased"
}

/// What bodies take.
package struct BodyFigures: Hashable, Sendable {
    package let calls: Int64
    /// Compressed and sealed.
    package let storedBytes: Int64
    /// Their file with its WAL.
    package let fileBytes: Int64
    /// When the oldest call began whose bodies are kept.
    package let oldest: Instant?
    /// Of this process since its start: calls whose bodies there was no room for, in memory or on the disk.
    package let dropped: Int64
    /// Until they are written.
    package let waiting: Int64

    package init(
        calls: Int64,
        storedBytes: Int64,
        fileBytes: Int64,
        oldest: Instant?,
        dropped: Int64,
        waiting: Int64
    ) {
        self.calls = calls
        self.storedBytes = storedBytes
        self.fileBytes = fileBytes
        self.oldest = oldest
        self.dropped = dropped
        self.waiting = waiting
    }
}

/// Where kept bodies are looked at. Each look and each erasure is an audit leaf before anything else comes of it.
package protocol CallBodies: Sendable {
    /// Nil where nothing is kept, and where that cannot be told now.
    func standing(of id: CallID) async -> BodyStanding?
    /// - Parameter owner: another user's call is not found.
    /// - Throws: `.notFound`, `.absent`, `.conflict(.unreadable)`.
    func view(_ id: CallID, of owner: UserID?, by actor: Actor) async throws(DeskError) -> CallBody
    /// Takes a call's bodies away for good.
    /// - Throws: `.notFound`, `.absent`.
    func erase(_ id: CallID, by actor: Actor) async throws(DeskError)
    func figures() async throws(DeskError) -> BodyFigures
}
