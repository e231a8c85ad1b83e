import Domain

/// Who is dead, as one living replica sees it: another one whose beat has stood still for as long as a call may last, while
/// one's own beats had no gap. After an outage of the database nobody is dead because every beat is old.
struct DeathWatch {
    private struct Seen {
        let beat: Int64
        let since: UInt64
    }

    private let deadNanoseconds: UInt64
    private var seen: [ReplicaID: Seen] = [:]

    /// - Parameter deadNanoseconds: for how long a beat stands still.
    init(deadNanoseconds: UInt64) { self.deadNanoseconds = deadNanoseconds }

    /// One look at all others.
    /// - Parameters:
    ///   - ownIsRegular: one's own beats had no gap since the last look.
    ///   - now: monotonic nanoseconds.
    /// - Returns: the dead, with the beat that each was seen to stand at; they are dead still at the next look, until they are
    ///   among `beats` no more or beat again.
    mutating func look(
        _ beats: [ReplicaID: Int64],
        ownIsRegular: Bool,
        now: UInt64
    ) -> [(replica: ReplicaID, beat: Int64)] {
        seen = seen.filter { ownIsRegular && beats[$0.key] == $0.value.beat }
        var dead: [(replica: ReplicaID, beat: Int64)] = []
        for (replica, beat) in beats {
            if let known = seen[replica] {
                if now &- known.since >= deadNanoseconds { dead.append((replica, beat)) }
            } else {
                seen[replica] = Seen(beat: beat, since: now)
            }
        }
        return dead.sorted { $0.replica < $1.replica }
    }
}
