import Dialects
import Domain
import Foundation
import NIOCore
import Testing

@Suite("errors of the OpenAI dialect")
struct OpenAIErrorTests {
    /// What a client's JSON reader makes of an error's body.
    private func envelope(_ bytes: some Sequence<UInt8>) throws -> [String: Any] {
        let root = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
        #expect(root.count == 1)
        return try #require(root["error"] as? [String: Any])
    }

    @Test("four fields always, null where there is nothing to say")
    func fields() {
        let bare = OpenAIError(message: "No.", type: "server_error")
        #expect(bare.body().text == #"{"error":{"message":"No.","type":"server_error","param":null,"code":null}}"#)
        let full = OpenAIError(message: "No.", type: "invalid_request_error", param: "n", code: "invalid_value")
        let text = #"{"error":{"message":"No.","type":"invalid_request_error","param":"n","code":"invalid_value"}}"#
        #expect(full.body().text == text)
        #expect(full.event().text == "data: \(text)\n\n")
    }

    @Test(
        "any text is told as it is, on one line",
        arguments: [
            "", "\"", "\\", "\\\"},{\"", "a\nb", "a\r\n\r\nb", "data: [DONE]\n\ndata: x", "\0\u{1}\u{1F}\u{7F}", "\t",
            "é世😀", "\u{2028}\u{2029}", "</script>", String(repeating: "x", count: 10_000),
        ]
    )
    func text(_ text: String) throws {
        let error = OpenAIError(message: text, type: text, param: text, code: text)
        let body = error.body()
        let fields = try envelope(body.bytes)
        for name in ["message", "type", "param", "code"] {
            let field = try #require(fields[name] as? String)
            #expect(field.utf8.elementsEqual(text.utf8), "\(name)")
        }
        #expect(!body.bytes.contains { $0 < 0x20 || $0 == 0x7F })
        // One event, and an error to our own reader.
        let tapped = try Tapped(error.event().text, stripsUsage: true)
        #expect(tapped.firstEventIsError && !tapped.terminalSeen && tapped.unreadableEvents == 0)
        #expect(tapped.bytes == error.event().bytes)
        #expect(OpenAIReply(reading: body).isError)
    }

    @Test(
        "a refused request's error names the member and is JSON, whatever the client sent",
        arguments: [
            (#"{"model":"m","n":0}"#, "n", "invalid_value"),
            (#"{"model":"m","\"}\n":[}"#, "\"}", "invalid_json"),
            (#"{"model":"m","\ud83d\ude00":1,"😀":2}"#, "😀", "duplicate_member"),
            ("{\"\(String(repeating: "é", count: 5_000))\":!}", String(repeating: "é", count: 31), "invalid_json"),
            ("\u{FEFF}{}", nil, "invalid_json"), ("{", nil, "invalid_json"), ("", nil, "invalid_json"),
        ] as [(String, String?, String)]
    )
    func requests(body: String, param: String?, code: String) throws {
        let error = try #require(throws: OpenAIRequestError.self) {
            try OpenAIRequest.parse(ByteBuffer(string: body), endpoint: .chatCompletions)
        }
        let answer = OpenAIError(error).body()
        let fields = try envelope(answer.bytes)
        #expect(fields["type"] as? String == "invalid_request_error")
        #expect(fields["param"] as? String == param)
        #expect(fields["code"] as? String == code)
        let message = try #require(fields["message"] as? String)
        #expect(message.hasSuffix("."))
        if let param { #expect(message.contains(param)) }
        #expect(answer.readableBytes < 512)
    }

    @Test(
        "an upstream's error is no content, wherever it comes and whatever it holds",
        arguments: [
            #"{"error":{"message":"no","content":"abc","metadata":{"text":"abc","arguments":"abc"}}}"#,
            #"{"error":[{"content":"abc"}],"usage":null}"#, #"{"error":"content"}"#,
            #"{"id":"a","choices":[],"error":{"code":502,"refusal":"abc","finish_reason":"error"}}"#,
            #"{ "error" : { "content" : "abc" } }"#, #"{"error":{"a":{"content":"}"}},"object":"error"}"#,
        ]
    )
    func upstream(error: String) throws {
        let reply = OpenAIReply(reading: ByteBuffer(string: error))
        #expect(reply.isError && reply.contentBytes == 0 && reply.usage == .missing)
        let first = try Tapped("data: \(error)\n\n")
        #expect(first.firstEventIsError && first.errorSeen)
        #expect(first.contentBytes == 0 && first.contentEvents == 0 && !first.finishSeen && first.usage == nil)
        let later = try Tapped("\(OpenAIStreamTests.event)data: \(error)\n\n")
        #expect(later.errorSeen && !later.firstEventIsError)
        #expect(later.contentBytes == 2 && later.contentEvents == 1 && !later.finishSeen && later.unreadableEvents == 0)
    }
}
