import NIOCore

/// A script or a built-in answer, compiled into the steps one connection performs.
struct Play: Sendable {
    enum Step: Sendable {
        case send(ByteBuffer, times: Int)
        case wait(TimeAmount)
        case gate(String)
        case barrier(Int)
    }

    var steps: [Step]
    var end: Script.End
}

extension Play {
    init(_ script: Script) {
        var steps: [Step] = []
        if let barrier = script.barrier { steps.append(.barrier(barrier)) }
        if let gate = script.headGate { steps.append(.gate(gate)) }
        if script.headDelayMilliseconds > 0 { steps.append(.wait(.milliseconds(Int64(script.headDelayMilliseconds)))) }
        if script.framing != .raw { steps.append(.send(Self.head(of: script), times: 1)) }
        for piece in script.pieces {
            if let gate = piece.gate { steps.append(.gate(gate)) }
            if piece.delayMilliseconds > 0 { steps.append(.wait(.milliseconds(Int64(piece.delayMilliseconds)))) }
            let bytes = script.framing == .chunked ? Self.chunk(piece.bytes) : piece.bytes
            if bytes.readableBytes > 0 { steps.append(.send(bytes, times: piece.times)) }
        }
        if script.framing == .chunked, script.end == .keep {
            steps.append(.send(ByteBuffer(staticString: "0\r\n\r\n"), times: 1))
        }
        self.init(steps: steps, end: script.framing == .close && script.end == .keep ? .close : script.end)
    }

    /// `bytes` as one chunk of a chunked body; empty stays empty, as a chunk of length 0 would end the body.
    static func chunk(_ bytes: ByteBuffer) -> ByteBuffer {
        guard bytes.readableBytes > 0 else { return bytes }
        var framed = ByteBuffer(string: String(bytes.readableBytes, radix: 16) + "\r\n")
        framed.writeImmutableBuffer(bytes)
        framed.writeStaticString("\r\n")
        return framed
    }

    private static func head(of script: Script) -> ByteBuffer {
        var text = "HTTP/1.1 \(script.status) \(script.status == 200 ? "OK" : "Scripted")\r\n"
        for header in script.headers { text += "\(header.name): \(header.value)\r\n" }
        switch script.framing {
        case .chunked: text += "Transfer-Encoding: chunked\r\n"
        case .length:
            let length = script.pieces.reduce(0) { $0 + $1.bytes.readableBytes * $1.times }
            text += "Content-Length: \(length)\r\n"
        case .close: text += "Connection: close\r\n"
        case .raw: break
        }
        return ByteBuffer(string: text + "\r\n")
    }
}
