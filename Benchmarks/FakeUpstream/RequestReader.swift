import NIOCore

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Cuts a connection's bytes into requests. Trusts its client: this server is only ever asked by our own tests.
struct RequestReader {
    struct Request {
        /// The request line and header lines with the empty line at the end.
        var head: ByteBuffer
        /// Without chunked framing.
        var body: ByteBuffer
    }

    private enum State {
        case head
        case body(head: ByteBuffer, length: Int)
        case chunks(head: ByteBuffer, body: ByteBuffer)
    }

    private var buffer = ByteBuffer()
    private var state = State.head
    private var searched = 0

    mutating func append(_ bytes: inout ByteBuffer) {
        if buffer.readableBytes == 0 { buffer = bytes } else { buffer.writeBuffer(&bytes) }
    }

    /// The next whole request, or nil until more bytes have come.
    mutating func next() -> Request? {
        while true {
            switch state {
            case .head:
                guard let end = buffer.offset(of: "\r\n\r\n", from: searched),
                    let head = buffer.readSlice(length: end + 4)
                else {
                    searched = max(0, buffer.readableBytes - 3)
                    return nil
                }
                searched = 0
                if head.header("transfer-encoding") != nil {
                    state = .chunks(head: head, body: ByteBuffer())
                } else {
                    state = .body(head: head, length: head.header("content-length").flatMap { Int($0) } ?? 0)
                }
            case .body(let head, let length):
                guard let body = buffer.readSlice(length: length) else { return nil }
                state = .head
                return Request(head: head, body: body)
            case .chunks(let head, var body):
                guard let lineEnd = buffer.offset(of: "\r\n", from: 0),
                    let line = buffer.getString(at: buffer.readerIndex, length: lineEnd),
                    let size = Int(line.prefix { $0.isHexDigit }, radix: 16),
                    buffer.readableBytes >= lineEnd + 2 + size + 2
                else { return nil }
                buffer.moveReaderIndex(forwardBy: lineEnd + 2)
                if var chunk = buffer.readSlice(length: size) { body.writeBuffer(&chunk) }
                buffer.moveReaderIndex(forwardBy: 2)
                state = size == 0 ? .head : .chunks(head: head, body: body)
                if size == 0 { return Request(head: head, body: body) }
            }
        }
    }
}

extension ByteBuffer {
    /// The offset, from the reader index, of the first `needle` at or after `from`.
    func offset(of needle: StaticString, from: Int) -> Int? {
        withUnsafeReadableBytes { bytes in
            guard let base = bytes.baseAddress else { return nil }
            var start = from
            while start + needle.utf8CodeUnitCount <= bytes.count,
                let hit = memchr(base + start, Int32(needle.utf8Start[0]), bytes.count - start)
            {
                let offset = UnsafeRawPointer(hit) - base
                guard offset + needle.utf8CodeUnitCount <= bytes.count else { return nil }
                if memcmp(hit, needle.utf8Start, needle.utf8CodeUnitCount) == 0 { return offset }
                start = offset + 1
            }
            return nil
        }
    }

    /// The value of a header in this raw head; `name` in lower case.
    func header(_ name: StaticString) -> String? {
        withUnsafeReadableBytes { bytes -> String? in
            let length = name.utf8CodeUnitCount
            var start = 0
            while let newline = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
                let line = bytes[start..<newline]
                start = newline + 1
                guard line.count > length, line[line.startIndex + length] == UInt8(ascii: ":") else { continue }
                let same = (0..<length).allSatisfy { line[line.startIndex + $0] | 0x20 == name.utf8Start[$0] | 0x20 }
                guard same else { continue }
                let value = line[(line.startIndex + length + 1)...].drop { $0 == UInt8(ascii: " ") }
                return String(decoding: value.last == UInt8(ascii: "\r") ? value.dropLast() : value, as: UTF8.self)
            }
            return nil
        }
    }
}
