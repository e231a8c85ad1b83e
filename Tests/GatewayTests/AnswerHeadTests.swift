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

    @Test("another passes as it came", arguments: ["sk-other", "2345678", "upstream-secret"])
    func harmless(text: String) throws {
        let body = ByteBuffer(string: #"{"error":{"message":"\#(text)"}}"#)
        let head = HTTPResponseHead(version: .http1_1, status: .badRequest, headers: ["X-Note": text])
        let relayed = try #require(AnswerHead.relay(head, body: body, credential: credential))
        #expect(relayed.body == body && relayed.head.headers["X-Note"] == [text])
    }
}
