import Domain
import Testing

@testable import Storage

@Suite("who is taken for dead")
struct DeathWatchTests {
    /// One look: when, the others' beats, whether our own had no gap, who is dead then.
    struct Look: Sendable {
        let at: UInt64
        let beats: [ReplicaID: Int64]
        var isRegular = true
        let dead: [ReplicaID]
    }

    private static let (a, b) = (ReplicaID(1), ReplicaID(2))

    @Test(
        "after ten of standing still, as seen by one whose own beats had no gap",
        arguments: [
            [
                Look(at: 0, beats: [a: 5], dead: []), Look(at: 9, beats: [a: 5], dead: []),
                Look(at: 10, beats: [a: 5], dead: [a]),
            ],
            // It beat in between.
            [
                Look(at: 0, beats: [a: 5], dead: []), Look(at: 9, beats: [a: 6], dead: []),
                Look(at: 18, beats: [a: 6], dead: []), Look(at: 19, beats: [a: 6], dead: [a]),
            ],
            // Nobody knows what it did while we were away.
            [
                Look(at: 0, beats: [a: 5], dead: []), Look(at: 9, beats: [a: 5], isRegular: false, dead: []),
                Look(at: 12, beats: [a: 5], dead: []), Look(at: 19, beats: [a: 5], dead: [a]),
            ],
            // Gone and back with the same beat is somebody to look at anew.
            [
                Look(at: 0, beats: [a: 5, b: 1], dead: []), Look(at: 5, beats: [b: 2], dead: []),
                Look(at: 11, beats: [a: 5, b: 2], dead: []), Look(at: 15, beats: [a: 5, b: 2], dead: [b]),
            ],
            // Dead until it beats again.
            [
                Look(at: 0, beats: [a: 5], dead: []), Look(at: 10, beats: [a: 5], dead: [a]),
                Look(at: 11, beats: [a: 5], dead: [a]), Look(at: 12, beats: [a: 6], dead: []),
            ],
        ]
    )
    func looks(_ looks: [Look]) {
        var watch = DeathWatch(deadNanoseconds: 10)
        for look in looks {
            let dead = watch.look(look.beats, ownIsRegular: look.isRegular, now: look.at)
            #expect(dead.map(\.replica) == look.dead, "at \(look.at)")
            #expect(dead.allSatisfy { look.beats[$0.replica] == $0.beat })
        }
    }
}
