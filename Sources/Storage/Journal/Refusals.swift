import Domain

/// Refusals that would be repeated: asking again for at least as much is answered from here, without the database.
///
/// A refusal is forgotten after a second, and as soon as a call of its user ends here; so a top-up is seen within a second.
struct Refusals: Sendable {
    private struct Key: Hashable {
        let userID: UserID
        /// Only where the key's own limit may have been what was short.
        let keyID: APIKeyID?
        let groups: [ModelGroupID]
    }

    private struct Entry {
        let refusal: Refusal
        let bound: Money
        let at: UInt64
    }

    static let lifetimeNanoseconds: UInt64 = 1_000_000_000
    private static let capacity = 4_096

    private var entries: [Key: Entry] = [:]

    /// The refusal this request would meet; nil if nobody knows.
    mutating func refusal(of request: AdmissionRequest, now: UInt64) -> Refusal? {
        guard !entries.isEmpty else { return nil }
        let key = Self.key(of: request)
        guard let entry = entries[key] else { return nil }
        guard now &- entry.at < Self.lifetimeNanoseconds else {
            entries[key] = nil
            return nil
        }
        return Self.lowestBound(of: request) >= entry.bound ? entry.refusal : nil
    }

    mutating func remember(_ refusal: Refusal, of request: AdmissionRequest, now: UInt64) {
        let key = Self.key(of: request)
        let bound = Self.lowestBound(of: request)
        if let known = entries[key], known.bound <= bound, now &- known.at < Self.lifetimeNanoseconds { return }
        if entries.count >= Self.capacity { entries.removeAll(keepingCapacity: true) }
        entries[key] = Entry(refusal: refusal, bound: bound, at: now)
    }

    mutating func forget(users: Set<UserID>) {
        guard !entries.isEmpty else { return }
        entries = entries.filter { !users.contains($0.key.userID) }
    }

    var isEmpty: Bool { entries.isEmpty }

    private static func key(of request: AdmissionRequest) -> Key {
        Key(
            userID: request.call.userID,
            keyID: request.hasSpendingLimit ? request.call.keyID : nil,
            groups: request.candidates.map(\.groupID)
        )
    }

    /// What the call would be held for at the very least.
    private static func lowestBound(of request: AdmissionRequest) -> Money {
        var lowest = Money(picoDollars: .max)
        for candidate in request.candidates {
            guard let bound = try? candidate.quote.bound(outputLimit: candidate.quote.lowestOutputLimit) else {
                continue
            }
            lowest = min(lowest, bound)
        }
        return lowest
    }
}
