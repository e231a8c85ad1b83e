import Domain
import NIOCore
import NIOHTTP1
import Testing

@testable import Gateway

@Suite("errors of an upstream on their way to the client")
struct AnswerHeadTests {
    private let credential = Credential("sk-upstream-secret-0123456789")

    @Test(
        "one that holds a piece of our credential is told in our words",
        arguments: [
            "sk-upstream-secret-0123456789", "sk-upstr", "23456789", "x23456789x", #"sk\u002dupstr"#,
            // Unescaped it would be a character and 6789.
            #"\u23456789"#,
            // As characters these end otherwise.
            "sk-upstr\u{301}", "23456789\u{20E3}",
        ]
    )
    func credential(piece: String) throws {
        let body = #"{"error":{"message":"bad key \#(piece)","type":"x","param":null,"code":null}}"#
        let head = HTTPResponseHead(version: .http1_1, status: .badRequest, headers: ["X-Note": piece, "X-Other": "1"])
        let relayed = try #require(AnswerHead.relay(head, body: ByteBuffer(string: body), credential: credential))
        #expect(!String(buffer: relayed.body).contains("bad key"))
        #expect(relayed.head.headers["X-Other"] == ["1"])
        if !piece.contains(#"\u002d"#) { #expect(relayed.head.headers["X-Note"].isEmpty) }
    }

    @Test(
        "what an error is to its call, by its status",
        arguments: [
            (300, .unreadable), (302, .unreadable), (399, .unreadable), (400, .complete), (401, .refusesUs),
            (402, .refusesUs), (403, .refusesUs), (404, .complete), (429, .complete), (500, .complete),
            (599, .complete), (600, .unreadable),
        ] as [(Int, CallMachine.AnswerVerdict)]
    )
    func verdicts(status: Int, verdict: CallMachine.AnswerVerdict) {
        let head = HTTPResponseHead(version: .http1_1, status: HTTPResponseStatus(statusCode: status))
        #expect(AnswerHead.verdict(ofError: head, body: ByteBuffer(string: #"{"error":{}}"#)) == verdict)
    }

    @Test("our own quota with the provider, used up, is no business of the client's")
    func exhausted() {
        let head = HTTPResponseHead(version: .http1_1, status: .tooManyRequests)
        let body = ByteBuffer(string: #"{"error":{"code":"insufficient_quota"}}"#)
        #expect(AnswerHead.verdict(ofError: head, body: body) == .refusesUs)
    }

    @Test("nothing that described another body goes with our words")
    func otherBody() throws {
        let described: HTTPHeaders = [
            "Content-Type": "text/html", "Content-Encoding": "gzip", "Content-Language": "de", "Content-MD5": "x",
            "Content-Digest": "x", "Repr-Digest": "x", "Digest": "x", "ETag": "x", "Last-Modified": "x",
            "Accept-Ranges": "bytes", "Retry-After": "7",
        ]
        let head = HTTPResponseHead(version: .http1_1, status: .badGateway, headers: described)
        let relayed = try #require(AnswerHead.relay(head, body: ByteBuffer(string: "<html>"), credential: nil))
        #expect(
            relayed.head.headers.map { "\($0.name): \($0.value)" }.sorted() == [
                "Content-Type: application/json", "Retry-After: 7",
            ]
        )
    }

    @Test("another passes as it came", arguments: ["sk-other", "2345678", "upstream-secret"])
    func harmless(text: String) throws {
        let body = ByteBuffer(string: #"{"error":{"message":"\#(text)"}}"#)
        let head = HTTPResponseHead(version: .http1_1, status: .badRequest, headers: ["X-Note": text])
        let relayed = try #require(AnswerHead.relay(head, body: body, credential: credential))
        #expect(relayed.body == body && relayed.head.headers["X-Note"] == [text])
    }
}
