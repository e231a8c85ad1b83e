package import NIOCore

/// What the upstream does for one call, byte by byte: a head, pieces with delays and gates, and how the connection ends.
///
/// Nothing here is checked for being valid HTTP; sending what no server should send is the purpose.
package struct Script: Sendable {
    /// How the body's end is told to the client.
    package enum Framing: String, Sendable, Decodable {
        /// `Transfer-Encoding: chunked`, one chunk a piece.
        case chunked
        /// `Content-Length`, the sum of all pieces.
        case length
        /// Neither: the body ends with the connection.
        case close
        /// No head is made: the pieces are all the bytes there are.
        case raw
    }

    /// What happens after the last piece.
    package enum End: String, Sendable, Decodable {
        /// The connection serves the next request; a chunked body gets its terminator.
        case keep
        /// FIN, without the terminator of a chunked body.
        case close
        /// RST, without the terminator of a chunked body.
        case reset
        /// Nothing more, ever.
        case hang
    }

    /// Some bytes of the body, and what must happen before they leave.
    package struct Piece: Sendable {
        package var bytes: ByteBuffer
        package var delayMilliseconds: Int
        /// The bytes leave only once this gate is opened with ``FakeUpstream/open(gate:)``.
        package var gate: String?
        /// How often the bytes are sent; the client's back-pressure is respected in between.
        package var times: Int

        package init(_ bytes: ByteBuffer, delayMilliseconds: Int = 0, gate: String? = nil, times: Int = 1) {
            self.bytes = bytes
            self.delayMilliseconds = delayMilliseconds
            self.gate = gate
            self.times = times
        }

        package init(_ text: String, delayMilliseconds: Int = 0, gate: String? = nil, times: Int = 1) {
            self.init(ByteBuffer(string: text), delayMilliseconds: delayMilliseconds, gate: gate, times: times)
        }
    }

    package var status: Int
    package var headers: [(name: String, value: String)]
    package var framing: Framing
    package var pieces: [Piece]
    package var end: End
    /// The head waits until this many calls of the same script have arrived.
    package var barrier: Int?
    package var headDelayMilliseconds: Int
    /// The head waits for this gate.
    package var headGate: String?

    package init(
        status: Int = 200,
        headers: [(name: String, value: String)] = [("Content-Type", "application/json")],
        framing: Framing = .length,
        pieces: [Piece] = [],
        end: End = .keep,
        barrier: Int? = nil,
        headDelayMilliseconds: Int = 0,
        headGate: String? = nil
    ) {
        self.status = status
        self.headers = headers
        self.framing = framing
        self.pieces = pieces
        self.end = end
        self.barrier = barrier
        self.headDelayMilliseconds = headDelayMilliseconds
        self.headGate = headGate
    }

    /// A JSON answer in one piece.
    package static func json(_ text: String, status: Int = 200, barrier: Int? = nil) -> Script {
        Script(status: status, pieces: [Piece(text)], barrier: barrier)
    }

    /// An event stream, one chunk a piece.
    package static func events(_ pieces: [Piece], end: End = .keep, barrier: Int? = nil) -> Script {
        Script(
            headers: [("Content-Type", "text/event-stream")],
            framing: .chunked,
            pieces: pieces,
            end: end,
            barrier: barrier
        )
    }

    /// Exactly these bytes, head and all, then `end`.
    package static func raw(_ bytes: ByteBuffer, end: End = .keep) -> Script {
        Script(framing: .raw, pieces: [Piece(bytes)], end: end)
    }

    /// The first `count` bytes of a recorded answer, head and all, then the connection is gone.
    package static func cut(_ recording: ByteBuffer, after count: Int, end: End = .close) -> Script {
        .raw(
            recording.getSlice(at: recording.readerIndex, length: min(count, recording.readableBytes)) ?? recording,
            end: end
        )
    }

    /// Takes the call and never answers.
    package static let never = Script(framing: .raw, end: .hang)
}
