package import NIOCore

/// The four-field error envelope: all keys always, null allowed.
package struct OpenAIError: Hashable, Sendable {
    package let message: String
    /// `invalid_request_error`, `rate_limit_error`, `insufficient_quota`, `server_error`, …
    package let type: String
    /// The member the error is about.
    package let param: String?
    package let code: String?

    package init(message: String, type: String, param: String? = nil, code: String? = nil) {
        self.message = message
        self.type = type
        self.param = param
        self.code = code
    }

    package init(_ error: OpenAIRequestError) {
        self.init(message: error.message, type: "invalid_request_error", param: error.param, code: error.code)
    }

    /// `{"error":{"message":…,"type":…,"param":…,"code":…}}`
    package func body() -> ByteBuffer {
        var buffer = ByteBuffer()
        write(into: &buffer, before: "", after: "")
        return buffer
    }

    /// The same as an event of a stream that has begun: `data: {…}` and a blank line. No `[DONE]` follows it.
    package func event() -> ByteBuffer {
        var buffer = ByteBuffer()
        write(into: &buffer, before: "data: ", after: "\n\n")
        return buffer
    }

    private func write(into buffer: inout ByteBuffer, before: StaticString, after: StaticString) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(96 + message.utf8.count)
        bytes.append(contentsOf: #"{"error":{"message":"#.utf8)
        JSONString.write(message, into: &bytes)
        bytes.append(contentsOf: #","type":"#.utf8)
        JSONString.write(type, into: &bytes)
        bytes.append(contentsOf: #","param":"#.utf8)
        Self.write(param, into: &bytes)
        bytes.append(contentsOf: #","code":"#.utf8)
        Self.write(code, into: &bytes)
        bytes.append(contentsOf: "}}".utf8)
        buffer.reserveCapacity(bytes.count + 8)
        buffer.writeStaticString(before)
        buffer.writeBytes(bytes)
        buffer.writeStaticString(after)
    }

    private static func write(_ text: String?, into bytes: inout [UInt8]) {
        if let text {
            JSONString.write(text, into: &bytes)
        } else {
            bytes.append(contentsOf: "null".utf8)
        }
    }
}

/// Why a request is answered 400; everything in it is safe to show.
package struct OpenAIRequestError: Error, Hashable, Sendable {
    /// One sentence.
    package let message: String
    /// The member it is about.
    package let param: String?
    package let code: String?

    package init(message: String, param: String? = nil, code: String? = nil) {
        self.message = message
        self.param = param
        self.code = code
    }

    init(_ problem: JSONProblem) {
        switch problem.kind {
        case .duplicateName:
            self.init(
                message: "The request body gives '\(problem.member ?? "a member")' twice.",
                param: problem.member,
                code: "duplicate_member"
            )
        case .empty:
            self.init(message: "The request body is empty; a JSON object is expected.", code: "invalid_json")
        case .notAnObject:
            self.init(message: "The request body is not a JSON object.", code: "invalid_json")
        default:
            let place = problem.member.map { ", in '\($0)'" } ?? ""
            self.init(
                message: "The request body is not acceptable JSON: \(problem.reason) (byte \(problem.offset)\(place)).",
                param: problem.member,
                code: "invalid_json"
            )
        }
    }
}
