import NIOCore
import Testing

@testable import Dialects

@Suite("the cutter of streams")
struct SSEParserTests {
    @Test("a large event in small pieces is not copied at each of them", arguments: [1, 16, 1_000])
    func smallPieces(pieceBytes: Int) throws {
        let eventBytes = pieceBytes == 1 ? 1 << 16 : 1 << 20
        let event =
            [UInt8]("data: ".utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: eventBytes - 8) + [0x0A, 0x0A]
        var parser = SSEParser()
        var place: UnsafeRawPointer?
        var moves = 0
        var sent = 0
        func receive(_ count: Int) throws -> Range<Int>? {
            let chunk = ByteBuffer(bytes: event[sent..<(sent + count)])
            let work = parser.join(chunk)
            let range = try work.withUnsafeReadableBytes { bytes in
                if bytes.baseAddress != place { moves += 1 }
                place = bytes.baseAddress
                return try parser.next(in: bytes)
            }
            parser.keepRest(of: work)
            sent += count
            return range
        }
        while sent < eventBytes - pieceBytes {
            #expect(try receive(min(pieceBytes, eventBytes - pieceBytes - sent)) == nil)
        }
        #expect(try receive(pieceBytes) == 0..<eventBytes)
        #expect(parser.held.readableBytes == 0)
        // The room doubles: each move copies what is held, together about as much as the event has.
        #expect(moves <= 24, "moved \(moves) times in \(eventBytes / pieceBytes) pieces")
    }

    @Test("what went out stays as it is while the rest grows")
    func slices() throws {
        var parser = SSEParser()
        var out: [ByteBuffer] = []
        for piece in ["data: 1", "\n\ndata: 2\n", "\n", "da", "ta: 3", "\n\nx"] {
            let work = parser.join(ByteBuffer(string: piece))
            try work.withUnsafeReadableBytes { bytes in
                while let range = try parser.next(in: bytes) {
                    out.append(work.getSlice(at: range.lowerBound, length: range.count) ?? ByteBuffer())
                }
            }
            parser.keepRest(of: work)
        }
        #expect(out.map { String(buffer: $0) } == ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"])
        #expect(String(buffer: parser.takeHeld()) == "x")
    }
}
