import NIOCore
import NIOHTTP1

/// How the end of an answer's body is known (RFC 9112, 6).
enum Framing: Hashable {
    case length(Int)
    case chunked
    /// For HTTP/1.0 clients, which know no chunks.
    case untilClose

    /// One piece of the body, as it goes out.
    func framed(_ piece: ByteBuffer) -> ByteBuffer {
        guard self == .chunked, piece.readableBytes > 0 else { return piece }
        var out = ByteBufferAllocator().buffer(capacity: piece.readableBytes + 20)
        out.writeChunk(piece)
        return out
    }

    /// The last piece and what ends the body.
    func ended(_ piece: ByteBuffer) -> ByteBuffer {
        guard self == .chunked else { return piece }
        var out = ByteBufferAllocator().buffer(capacity: piece.readableBytes + 24)
        if piece.readableBytes > 0 { out.writeChunk(piece) }
        out.writeStaticString("0\r\n\r\n")
        return out
    }
}

/// Heads of HTTP/1.1 messages as bytes, so that head and body leave in one piece.
///
/// A field whose value holds a control character is left out: nothing from a client or an upstream can end a line.
extension ByteBuffer {
    mutating func writeStatusLine(_ version: HTTPVersion, _ status: HTTPResponseStatus) {
        writeStaticString(version.minor == 0 ? "HTTP/1.0 " : "HTTP/1.1 ")
        writeString(String(status.code))
        writeStaticString(" ")
        let reason = status.reasonPhrase
        if Self.isFieldValue(reason) { writeString(reason) }
        writeStaticString("\r\n")
    }

    mutating func writeField(_ name: StaticString, _ value: String) {
        guard Self.isFieldValue(value) else { return }
        writeStaticString(name)
        writeStaticString(": ")
        writeString(value)
        writeStaticString("\r\n")
    }

    mutating func writeField(_ name: String, _ value: String) {
        guard Self.isFieldValue(value), Self.isFieldValue(name) else { return }
        writeString(name)
        writeStaticString(": ")
        writeString(value)
        writeStaticString("\r\n")
    }

    mutating func writeFraming(_ framing: Framing) {
        switch framing {
        case .length(let bytes): writeField("Content-Length", String(bytes))
        case .chunked: writeStaticString("Transfer-Encoding: chunked\r\n")
        case .untilClose: break
        }
    }

    /// What the client has to know of the connection's future, and the end of the head.
    mutating func writeConnection(_ version: HTTPVersion, closes: Bool) {
        if closes {
            writeStaticString("Connection: close\r\n")
        } else if version.minor == 0 {
            writeStaticString("Connection: keep-alive\r\n")
        }
        writeStaticString("\r\n")
    }

    fileprivate mutating func writeChunk(_ piece: ByteBuffer) {
        writeString(String(piece.readableBytes, radix: 16))
        writeStaticString("\r\n")
        writeImmutableBuffer(piece)
        writeStaticString("\r\n")
    }

    private static func isFieldValue(_ text: String) -> Bool {
        text.withUTF8Bytes { $0.allSatisfy { $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 } }
    }
}
