import Domain

/// What a listener gets at a time, as server-sent events.
struct LiveParcel: Hashable, Sendable {
    static let keepAlive = ": keep-alive\n\n"
    /// Whatever ends from here on is told.
    static let greeting = ": listening\n\n"

    let text: String
    /// Of calls that ended, those that are in it and those that it says are missing: what is lost with it.
    let ended: Int64
    let isExact: Bool

    /// - Parameters:
    ///   - glances: what is news, in the order of its telling.
    ///   - texts: the calls that could be read, as this listener's reader has them.
    ///   - unread: how many ended that nobody looked at.
    /// - Returns: nil where there is nothing to tell.
    init?(to listener: LiveListener, _ glances: [CallGlance], texts: [CallID: String], unread: Int64, most: Int) {
        let (calls, passed) = listener.selection(of: glances, most: most)
        let ended = Set(glances.lazy.filter(\.hasEnded).map(\.id))
        var (text, told, skipped) = ("", Int64(0), listener.skipped + passed)
        for id in calls {
            if let data = texts[id] {
                text += "id: \(id)\nevent: request\ndata: \(data)\n\n"
                if ended.contains(id) { told += 1 }
            } else if ended.contains(id) {
                skipped += 1
            }
        }
        // How much others do is the auditors' to know.
        let isCounted = listener.reader == .auditor && listener.filter.isEverything
        if isCounted { skipped += unread }
        isExact = listener.isExact && (unread == 0 || isCounted)
        if skipped > 0 || !isExact {
            text += "event: skipped\ndata: {\"count\":\(skipped),\"is_exact\":\(isExact)}\n\n"
        }
        guard !text.isEmpty else { return nil }
        self.text = text
        self.ended = told + skipped
    }
}
