package import NIOCore

/// A stream of server-sent events that cannot be followed any further.
package enum SSEProblem: Error, Hashable, Sendable {
    /// One event is longer than `limitBytes`.
    case eventTooLong(limitBytes: Int)
    /// More than `limitBytes` came after the terminal event.
    case tailTooLong(limitBytes: Int)
}

/// Cuts a byte stream into events, indifferent to where it was cut into chunks and to LF, CR or CRLF.
///
/// An event is all bytes up to and including its blank line. What is not yet a whole event is kept, at most
/// `eventByteLimit` bytes; no byte is looked at twice, and none copied more than a few times, however small the chunks.
///
///     var work = parser.join(chunk)
///     work.withUnsafeReadableBytes { while let event = try parser.next(in: $0) { … } }
///     parser.keepRest(of: work)
package struct SSEParser: Sendable {
    package static let defaultEventByteLimit = 1 << 20

    let eventByteLimit: Int
    /// The beginning of an event whose end has not come.
    private(set) var held = ByteBuffer()
    /// The work is what was held, and then the chunk.
    private var workIsHeld = false
    /// Where the event in the work begins.
    private(set) var eventStart = 0
    private var lineStart = 0
    /// Bytes before this were searched for line ends.
    private var searched = 0
    /// The last event ended with a CR that was the last byte; a LF that comes next still belongs to it.
    private var lineFeedMayFollow = false
    /// The work's first byte is that LF: no event returned for this work holds it.
    package private(set) var beginsWithLineFeed = false

    package init(eventByteLimit: Int = SSEParser.defaultEventByteLimit) {
        self.eventByteLimit = max(64, eventByteLimit)
    }

    /// The bytes to cut next: `chunk` itself where nothing is held, else what is held and then `chunk`.
    package mutating func join(_ chunk: ByteBuffer) -> ByteBuffer {
        workIsHeld = held.readableBytes > 0
        guard workIsHeld else {
            beginsWithLineFeed = false
            if lineFeedMayFollow, let first = chunk.getInteger(at: chunk.readerIndex, as: UInt8.self) {
                lineFeedMayFollow = false
                if first == UInt8(ascii: "\n") {
                    beginsWithLineFeed = true
                    eventStart = 1
                    lineStart = 1
                    searched = 1
                }
            }
            return chunk
        }
        beginsWithLineFeed = false
        var work = ByteBuffer()
        swap(&work, &held)
        work.writeImmutableBuffer(chunk)
        return work
    }

    /// The next whole event, its blank line included, or nil if the rest is not a whole one.
    package mutating func next(in bytes: UnsafeRawBufferPointer) throws(SSEProblem) -> Range<Int>? {
        guard let base = bytes.baseAddress else { return nil }
        let end = bytes.count
        var lineFeed = -1
        while true {
            if lineFeed < searched { lineFeed = Bytes.first(UInt8(ascii: "\n"), base, searched, end) }
            let carriageReturn = Bytes.first(UInt8(ascii: "\r"), base, searched, lineFeed)
            let lineEnd: Int
            var after: Int
            if carriageReturn < lineFeed {
                lineEnd = carriageReturn
                after = carriageReturn &+ 1
                if after < end {
                    if after == lineFeed { after &+= 1 }
                } else if lineEnd > lineStart {
                    // Whether a LF follows decides whether the next line is blank.
                    searched = lineEnd
                    try checkLength(end)
                    return nil
                } else {
                    lineFeedMayFollow = true
                }
            } else if lineFeed < end {
                lineEnd = lineFeed
                after = lineFeed &+ 1
            } else {
                searched = end
                try checkLength(end)
                return nil
            }
            let isBlank = lineEnd == lineStart
            lineStart = after
            searched = after
            if isBlank {
                let start = eventStart
                // Less a LF after CR, which a cut may leave to the next chunk.
                try checkLength(lineEnd &+ 1)
                eventStart = after
                return start..<after
            }
        }
    }

    /// Keeps what `next` did not return; to be called once after each run over `work`.
    package mutating func keepRest(of work: ByteBuffer) {
        let rest = work.readableBytes - eventStart
        if workIsHeld, eventStart == 0 {
            // Nothing of it went out as a slice: the next chunk is written behind it, into the room that doubles when full.
            held = work
        } else if rest > 0 {
            if held.capacity == 0 { held.reserveCapacity(max(512, rest)) }
            held.clear()
            work.withUnsafeReadableBytes { bytes in
                _ = held.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[eventStart...]))
            }
        } else {
            held.clear()
        }
        lineStart -= eventStart
        searched -= eventStart
        eventStart = 0
    }

    /// What the end of the stream leaves unfinished; the parser is empty afterwards.
    package mutating func takeHeld() -> ByteBuffer {
        var rest = ByteBuffer()
        swap(&rest, &held)
        eventStart = 0
        lineStart = 0
        searched = 0
        return rest
    }

    private func checkLength(_ end: Int) throws(SSEProblem) {
        guard end &- eventStart <= eventByteLimit else { throw .eventTooLong(limitBytes: eventByteLimit) }
    }
}
