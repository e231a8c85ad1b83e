import Domain

/// Whether a call is counted where keys and models are summed at once. The mark is never moved, so what was read stays true.
struct FlowMark {
    private var since: Instant?

    mutating func counts(startedAt: Instant, _ connection: any SQLConnection) throws -> Bool {
        let start = try since ?? FlowRows.since(connection)
        since = start
        return startedAt >= start
    }
}
