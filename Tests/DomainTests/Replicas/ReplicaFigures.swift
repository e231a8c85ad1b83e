/// What a run of the simulation measured while clients asked.
struct ReplicaFigures {
    var admitted = 0
    var ended = 0
    var admitBatches = 0
    var settleBatches = 0
    var flushes = 0
    /// The database's cores were busy for.
    var coreMicroseconds: Int64 = 0
    /// Microseconds that calls waited for their hold, and ended answers for their bill.
    var admitWaits: [Int64] = []
    var settleWaits: [Int64] = []

    static func quantile(_ share: Double, of waits: [Int64]) -> Int64 {
        guard !waits.isEmpty else { return 0 }
        return waits.sorted()[min(waits.count - 1, Int(Double(waits.count) * share))]
    }
}
