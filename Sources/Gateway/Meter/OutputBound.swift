import Domain

/// How much of a stream's output there can be at most. Output can only be counted roughly as it passes: an event is a
/// token or more, a token at most 128 bytes.
struct OutputBound: Hashable {
    static let none = OutputBound(events: .max, bytes: .max)

    let events: Int64
    /// As written in JSON.
    let bytes: Int64

    private init(events: Int64, bytes: Int64) {
        self.events = events
        self.bytes = bytes
    }

    /// - Parameters:
    ///   - tokens: what is held for, over all choices.
    ///   - echoBytes: what may come of the prompt besides; an escape is six bytes for one at most.
    init(tokens: Int64, choices: Int64, echoBytes: Int64) {
        guard tokens < Usage.largestCount else {
            self = .none
            return
        }
        self.init(events: tokens + 64 + 8 * choices + echoBytes, bytes: tokens * 128 + 4_096 + 6 * echoBytes)
    }
}
