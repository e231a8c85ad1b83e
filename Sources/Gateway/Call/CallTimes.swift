import NIOCore

/// When a call came how far, on the monotonic clock.
struct CallTimes {
    let began: NIODeadline
    /// Its request was there whole, and its key known.
    var read: NIODeadline?
    var held: NIODeadline?
    var sent: NIODeadline?
    /// Output first went to the client, of a stream.
    var firstOutput: NIODeadline?
    /// The upstream's part was over.
    var settling: NIODeadline?

    init(began: NIODeadline) { self.began = began }

    /// What the gateway itself added to a call that was sent: until it was held, and from its answer's end until that was out.
    func overheadNanoseconds(endingAt end: NIODeadline) -> Int64? {
        guard let read, let held, sent != nil, let settling else { return nil }
        return (held - read).nanoseconds + (end - settling).nanoseconds
    }

    var upstreamNanoseconds: Int64? {
        guard let sent, let settling else { return nil }
        return (settling - sent).nanoseconds
    }

    var firstOutputNanoseconds: Int64? { firstOutput.map { ($0 - began).nanoseconds } }
}
