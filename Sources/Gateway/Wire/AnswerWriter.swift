import Dialects
import Domain
import NIOCore
import NIOHTTP1

/// Makes the bytes of one answer, from its head to its end; a value that knows no socket.
struct AnswerWriter {
    private let call: CallID
    private let version: HTTPVersion
    private var isKeepAlive: Bool
    private var framing = Framing.chunked
    /// What the request's output limit was lowered to, if it was.
    var outputLimit: Int64?
    /// Where the client stands with what limits its rate, if anything does.
    var rates: RateStanding?

    init(call: CallID, version: HTTPVersion, isKeepAlive: Bool) {
        self.call = call
        self.version = version
        self.isKeepAlive = isKeepAlive
    }

    /// There will be no other request on the connection. A head that is out already does not tell.
    mutating func endConnection() { isKeepAlive = false }

    /// Whether the connection can carry another request after this answer.
    var keepsAlive: Bool { isKeepAlive && !isUntilClose }

    /// Whether the body's end is the connection's.
    var isUntilClose: Bool { framing == .untilClose }

    /// The head of an answer whose body follows in pieces.
    mutating func head(of upstream: HTTPResponseHead, isEventStream: Bool) -> ByteBuffer {
        if !isEventStream, let length = upstream.headers.first(name: "content-length").flatMap({ Int($0) }) {
            framing = .length(length)
        } else {
            framing = version.minor == 0 ? .untilClose : .chunked
        }
        var buffer = ByteBufferAllocator().buffer(capacity: 1_024)
        write(upstream, isEventStream: isEventStream, cost: nil, into: &buffer)
        return buffer
    }

    func piece(_ bytes: ByteBuffer) -> ByteBuffer { framing.framed(bytes) }

    /// The last piece and the end of the body.
    func last(_ bytes: ByteBuffer) -> ByteBuffer { framing.ended(bytes) }

    mutating func whole(_ upstream: HTTPResponseHead, body: ByteBuffer, cost: Money) -> ByteBuffer {
        framing = .length(body.readableBytes)
        var buffer = ByteBufferAllocator().buffer(capacity: 1_024 + body.readableBytes)
        write(upstream, isEventStream: false, cost: cost, into: &buffer)
        buffer.writeImmutableBuffer(body)
        return buffer
    }

    /// An error of ours, whole.
    /// - Parameter cost: nil where no call was ever held for.
    func error(_ error: CallError, cost: Money?, closes: Bool) -> ByteBuffer {
        let body = OpenAIError(error).body()
        var buffer = ByteBufferAllocator().buffer(capacity: 512 + body.readableBytes)
        buffer.writeStatusLine(version, HTTPResponseStatus(statusCode: error.status))
        buffer.writeField("Content-Type", "application/json")
        if let seconds = error.retryAfterSeconds { buffer.writeField("Retry-After", String(seconds)) }
        if let milliseconds = error.retryAfterMilliseconds { buffer.writeField("retry-after-ms", String(milliseconds)) }
        if error.forbidsRetry { buffer.writeField("x-should-retry", "false") }
        if error.status == 401 { buffer.writeField("WWW-Authenticate", "Bearer") }
        buffer.writeField("x-request-id", call.description)
        if let cost { buffer.writeField("x-tokenaudit-cost", cost.description) }
        if let rates { buffer.writeRates(rates) }
        buffer.writeFraming(.length(body.readableBytes))
        buffer.writeConnection(version, closes: closes)
        buffer.writeImmutableBuffer(body)
        return buffer
    }

    private func write(
        _ upstream: HTTPResponseHead,
        isEventStream: Bool,
        cost: Money?,
        into buffer: inout ByteBuffer
    ) {
        buffer.writeStatusLine(version, upstream.status)
        var namesCacheControl = false
        let named = HeaderPolicy.namedByConnection(upstream.headers)
        for (name, value) in upstream.headers where HeaderPolicy.forwardsResponseHeader(name) {
            if !named.isEmpty, named.contains(name.lowercased()) { continue }
            if name.utf8.count == 13, HeaderPolicy.equals(name, "cache-control") { namesCacheControl = true }
            buffer.writeField(name, value)
        }
        buffer.writeField("x-request-id", call.description)
        if let theirs = upstream.headers.first(name: "x-request-id") {
            buffer.writeField("x-upstream-request-id", theirs)
        }
        buffer.writeFraming(framing)
        if isEventStream {
            // Proxies and caches on the way are to let it through as it comes.
            buffer.writeField("X-Accel-Buffering", "no")
            if !namesCacheControl { buffer.writeField("Cache-Control", "no-cache") }
        }
        if let cost { buffer.writeField("x-tokenaudit-cost", cost.description) }
        if let rates { buffer.writeRates(rates) }
        if let outputLimit { buffer.writeField("x-tokenaudit-output-limit", String(outputLimit)) }
        buffer.writeConnection(version, closes: !keepsAlive)
    }
}

extension OpenAIError {
    init(_ error: CallError) {
        self.init(message: error.message, type: error.type, param: error.member, code: error.code)
    }
}
