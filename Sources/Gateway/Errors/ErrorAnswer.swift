import Dialects
import Domain
import NIOCore
import NIOHTTP1

extension CallError {
    /// The whole answer in OpenAI's envelope, as bytes.
    /// - Parameter cost: nil where no call was ever held for.
    func answer(version: HTTPVersion, call: CallID, cost: Money?, closes: Bool) -> ByteBuffer {
        let body = OpenAIError(self).body()
        var buffer = ByteBufferAllocator().buffer(capacity: 512 + body.readableBytes)
        buffer.writeStatusLine(version, HTTPResponseStatus(statusCode: status))
        buffer.writeField("Content-Type", "application/json")
        if let retryAfterSeconds { buffer.writeField("Retry-After", String(retryAfterSeconds)) }
        if forbidsRetry { buffer.writeField("x-should-retry", "false") }
        if status == 401 { buffer.writeField("WWW-Authenticate", "Bearer") }
        buffer.writeField("x-request-id", call.description)
        if let cost { buffer.writeField("x-tokenaudit-cost", cost.description) }
        buffer.writeFraming(.length(body.readableBytes))
        buffer.writeConnection(version, closes: closes)
        buffer.writeImmutableBuffer(body)
        return buffer
    }
}

extension OpenAIError {
    init(_ error: CallError) {
        self.init(message: error.message, type: error.type, param: error.member, code: error.code)
    }
}
