import Domain

/// Somebody who listens to calls, and how far they were served.
struct LiveListener: Hashable, Sendable {
    let caller: Caller
    /// The least role that may listen here.
    let role: Role
    let reader: CallReader
    let filter: LiveFilter
    /// Ended and not told of since the last time that was said.
    var skipped: Int64 = 0
    /// False where more ended than was looked at: some of that may have been theirs too.
    var isExact = true
    /// Since something was sent.
    var quietSeconds = 0
    /// How many times in a row there was no room.
    var refusals = 0

    init(_ caller: Caller, atLeast role: Role, as reader: CallReader, filter: LiveFilter) {
        self.caller = caller
        self.role = role
        self.reader = reader
        self.filter = filter
    }

    /// Whether the session stands and may still do this.
    func may(_ standing: SessionStanding?, at now: Instant) -> Bool {
        guard let standing else { return false }
        return standing.userID == caller.user && now < standing.expiresAt && standing.role.covers(role)
    }

    /// Which calls are told: those that ended go before those that began, newer ones before older.
    /// - Parameter most: so many at most. - Returns: in the order in which they are told; how many that ended are left out.
    func selection(of glances: [CallGlance], most: Int) -> (calls: [CallID], skipped: Int64) {
        let own = glances.filter(filter.matches)
        let ended = own.filter(\.hasEnded)
        let told = ended.suffix(most)
        let begun = own.filter { !$0.hasEnded }.suffix(most - told.count)
        return ((begun + told).map(\.id), Int64(ended.count - told.count))
    }
}
