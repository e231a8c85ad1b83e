/// Whose speed is limited. Each is counted apart.
package enum RateSubject: Hashable, Sendable {
    case key(APIKeyID)
    case user(UserID)
    case model(ModelID)
}

/// Why a call came too fast, and when it would not.
package struct RateRefusal: Hashable, Sendable {
    package enum Wait: Hashable, Sendable {
        case nanoseconds(Int64)
        /// Until a running call ends.
        case unknown
        /// The input alone is more than the limit: waiting does not help.
        case endless
    }

    package let subject: RateSubject
    package let measure: RateLimit.Measure
    package let limit: Int64
    package let wait: Wait

    package init(subject: RateSubject, measure: RateLimit.Measure, limit: Int64, wait: Wait) {
        self.subject = subject
        self.measure = measure
        self.limit = limit
        self.wait = wait
    }

    /// The one that holds longer is worth telling.
    func longer(than other: RateRefusal?) -> RateRefusal {
        guard let other else { return self }
        return switch (wait, other.wait) {
        case (.endless, _), (.nanoseconds, .unknown): self
        case (.nanoseconds(let mine), .nanoseconds(let theirs)): mine > theirs ? self : other
        case (_, .endless), (.unknown, _): other
        }
    }
}
