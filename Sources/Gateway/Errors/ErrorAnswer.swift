import Dialects
import NIOCore
import NIOHTTP1

extension CallError {
    /// The answer in OpenAI's envelope, its head complete but for `x-request-id` and `Connection`.
    func answer(version: HTTPVersion) -> (head: HTTPResponseHead, body: ByteBuffer) {
        let body = OpenAIError(self).body()
        var headers = HTTPHeaders()
        headers.reserveCapacity(8)
        headers.add(name: "Content-Type", value: "application/json")
        headers.add(name: "Content-Length", value: String(body.readableBytes))
        if let retryAfterSeconds { headers.add(name: "Retry-After", value: String(retryAfterSeconds)) }
        if forbidsRetry { headers.add(name: "x-should-retry", value: "false") }
        if status == 401 { headers.add(name: "WWW-Authenticate", value: "Bearer") }
        return (HTTPResponseHead(version: version, status: .init(statusCode: status), headers: headers), body)
    }
}

extension OpenAIError {
    init(_ error: CallError) {
        self.init(message: error.message, type: error.type, param: error.member, code: error.code)
    }
}
