import Dialects
import Domain
import NIOCore
import NIOHTTP1

/// How an upstream's answer is judged by its head, and what of it the client gets.
enum AnswerHead {
    static func kind(of head: HTTPResponseHead, isStreamed: Bool) -> CallMachine.AnswerKind {
        guard (200..<300).contains(head.status.code) else { return .error }
        // We asked for identity; what comes encoded all the same cannot be metered.
        if let encoding = head.headers.first(name: "content-encoding"), !HeaderPolicy.equals(encoding, "identity") {
            return .unusable
        }
        guard isStreamed, let type = head.headers.first(name: "content-type") else { return .whole }
        return HeaderPolicy.begins(type, "text/event-stream") ? .eventStream : .whole
    }

    /// An error that is between the provider and us: our credential, our account, our quota with it.
    static func refusesUs(_ head: HTTPResponseHead?, body: ByteBuffer) -> Bool {
        switch head?.status.code {
        case 401, 402, 403: true
        case 429: isInsufficientQuota(body)
        default: false
        }
    }

    /// What an error that has come whole is to its call: ours to answer for, the client's to see, or neither.
    static func verdict(ofError head: HTTPResponseHead?, body: ByteBuffer) -> CallMachine.AnswerVerdict {
        if refusesUs(head, body: body) { return .refusesUs }
        return head.map(isRelayed) == true ? .complete : .unreadable
    }

    private static func isRelayed(_ head: HTTPResponseHead) -> Bool { (400..<600).contains(head.status.code) }

    /// An upstream's error as the client may see it: unmodified if it is of the dialect and holds no piece of a
    /// credential, else in our words under the same status, without what described the other body; redirects are never
    /// followed and never passed on.
    static func relay(
        _ head: HTTPResponseHead,
        body: ByteBuffer,
        credential: Credential?
    ) -> (head: HTTPResponseHead, body: ByteBuffer)? {
        guard isRelayed(head) else { return nil }
        var head = head
        for (name, value) in head.headers where carriesCredential(value, credential) { head.headers.remove(name: name) }
        if OpenAIReply(reading: body).isError, !carriesCredential(body, credential) { return (head, body) }
        for (name, _) in head.headers where HeaderPolicy.describesBody(name) { head.headers.remove(name: name) }
        head.headers.add(name: "Content-Type", value: "application/json")
        let isOurs = head.status.code >= 500
        let error = OpenAIError(
            message: "The provider answered with status \(head.status.code).",
            type: isOurs ? "server_error" : "invalid_request_error",
            code: "upstream_error"
        )
        return (head, error.body())
    }

    /// The provider's word for our own quota there being used up.
    static func isInsufficientQuota(_ body: ByteBuffer) -> Bool {
        String(buffer: body).contains("insufficient_quota")
    }

    /// Whether the first or the last eight bytes of the secret stand in `body`, as they are or escaped for JSON.
    static func carriesCredential(_ body: ByteBuffer, _ credential: Credential?) -> Bool {
        // Both ways: what stands there may begin in the midst of an escape.
        body.withUnsafeReadableBytes { bytes in
            [false, true].contains {
                carriesCredential(JSONString.text(bytes, 0..<bytes.count, hasEscapes: $0), credential)
            }
        }
    }

    private static func carriesCredential(_ text: String, _ credential: Credential?) -> Bool {
        guard let secret = credential?.secret.utf8, secret.count >= 8 else { return false }
        // Byte by byte: a combining mark behind it makes the last character another one.
        return text.utf8.contains(secret.prefix(8)) || text.utf8.contains(secret.suffix(8))
    }
}
