/// How far somebody has come who follows calls as they begin and end.
///
/// A call is written a little after its id was made, and on several replicas in another order than their ids have, so what
/// began is looked for some way back, and remembered there. What ended is found by its leaf.
package struct CallMark: Hashable, Sendable {
    /// How far back of the newest id a beginning may come to light.
    private static let windowMilliseconds: UInt64 = 5_000

    /// The number of the next leaf of each replica.
    package var nextLeaves: [ReplicaID: Int64] = [:]
    /// Where to look for what began.
    package private(set) var window = CallID(high: 0, low: 0)
    /// What of it is told.
    package private(set) var begun: Set<CallID> = []

    package init() {}

    /// Goes on.
    /// - Parameters:
    ///   - newest: the newest call there is.
    ///   - open: calls that run, of ``window`` and later.
    ///   - ended: calls that ended since, also such as were corrected.
    /// - Returns: each call that is news once, those that ended after those that began, each in the order given.
    package mutating func advance(newest: CallID?, open: [CallGlance], ended: [CallGlance]) -> [CallGlance] {
        let ids = Set(ended.map(\.id))
        let new = open.filter { !ids.contains($0.id) && $0.id >= window && !begun.contains($0.id) }
        var told: Set<CallID> = []
        let closed = ended.filter { told.insert($0.id).inserted }
        if let newest {
            let time = newest.high >> 16
            let start = time > Self.windowMilliseconds ? time - Self.windowMilliseconds : 0
            window = max(window, CallID(high: start << 16, low: 0))
        }
        begun.formUnion(new.map(\.id))
        begun = begun.filter { $0 >= window }
        return new + closed
    }
}
