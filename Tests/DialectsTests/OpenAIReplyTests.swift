import Dialects
import Domain
import NIOCore
import Testing

@Suite("a whole answer of the OpenAI dialect")
struct OpenAIReplyTests {
    /// What a reply's usage is found to be, by its output or by why there is none.
    enum Found: Equatable, Sendable {
        case output(Int64, raw: String)
        case implausible(raw: String)
        case missing
        case unreadable
    }

    private static func found(_ reply: OpenAIReply) -> Found {
        switch reply.usage {
        case .reported(let reading, let raw):
            reading.isPlausible ? .output(reading.usage.outputTokens, raw: raw.text) : .implausible(raw: raw.text)
        case .missing: .missing
        case .unreadable: .unreadable
        }
    }

    static let stated = #"{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}"#

    @Test(
        "usage is the member of that name, wherever it stands",
        arguments: [
            (#"{"usage":\#(stated)}"#, .output(2, raw: stated)),
            (#"{"usage":\#(stated),"choices":[]}"#, .output(2, raw: stated)),
            (" \n{ \"choices\" : [] , \"usage\" : \(stated) } \r\n", .output(2, raw: stated)),
            (
                #"{"choices":[{"index":0},{"index":1},{"index":2}],"usage":{"prompt_tokens":3,"completion_tokens":60}}"#,
                .output(60, raw: #"{"prompt_tokens":3,"completion_tokens":60}"#)
            ),
            (
                #"{"usage":{"prompt_tokens":3,"total_tokens":3}}"#,
                .output(0, raw: #"{"prompt_tokens":3,"total_tokens":3}"#)
            ),
            (#"{"usage":\#(stated),"usage":null}"#, .output(2, raw: stated)),
            (#"{"usage":null,"usage":\#(stated)}"#, .output(2, raw: stated)),
            ("{}", .missing), (#"{"choices":[]}"#, .missing), (#"{"usage":null}"#, .missing),
            (#"{"choices":[{"usage":\#(stated)}]}"#, .missing), (#"{"timings":{"usage":\#(stated)}}"#, .missing),
            (#"{"id":"usage","x":"\"usage\":{\"completion_tokens\":9}"}"#, .missing),
            (#"{"usage":5}"#, .implausible(raw: "5")), (#"{"usage":"5"}"#, .implausible(raw: "\"5\"")),
            (#"{"usage":[\#(stated)]}"#, .implausible(raw: "[\(stated)]")),
            (#"{"usage":{"completion_tokens":-1}}"#, .implausible(raw: #"{"completion_tokens":-1}"#)),
            (#"{"usage":{"completion_tokens":"x}"}}"#, .implausible(raw: #"{"completion_tokens":"x}"}"#)),
            ("", .unreadable), (" ", .unreadable), ("null", .unreadable), ("\"usage\"", .unreadable),
            ("<html><body>502 Bad Gateway</body></html>", .unreadable), ("[\(#"{"usage":\#(stated)}"#)]", .unreadable),
            (#"{"usage":\#(stated)"#, .unreadable), (#"{"usage":\#(stated)}}"#, .unreadable),
            (#"{"usage":\#(stated)}{"usage":\#(stated)}"#, .unreadable), ("data: {}\n\n", .unreadable),
        ] as [(String, Found)]
    )
    func usageMember(body: String, expected: Found) {
        let reply = OpenAIReply(reading: ByteBuffer(string: body))
        #expect(Self.found(reply) == expected)
        #expect(!reply.isError)
        // A body that begins inside its buffer.
        var buffer = ByteBuffer(string: "{}{" + body)
        buffer.moveReaderIndex(forwardBy: 3)
        #expect(OpenAIReply.usage(in: buffer) == reply.usage)
    }

    @Test(
        "an error is one whatever the status says",
        arguments: [
            (#"{"error":{"message":"no","type":"server_error","param":null,"code":null}}"#, true),
            (#"{"error":"no"}"#, true), (#"{"error":{}}"#, true),
            (#"{"object":"error","error" : { "code" : 500 } }"#, true),
            (#"{"choices":[],"error":{"message":"cut"},"usage":\#(stated)}"#, true), (#"{"error":"#, false),
            (#"{"error":null}"#, false), (#"{"choices":[{"error":{}}]}"#, false),
            (#"{"message":"\"error\":{}"}"#, false),
            (#"{"errors":{}}"#, false), ("error", false),
        ]
    )
    func errors(body: String, isError: Bool) {
        #expect(OpenAIReply(reading: ByteBuffer(string: body)).isError == isError)
    }

    @Test("an error that comes with usage keeps both")
    func errorWithUsage() {
        let reply = OpenAIReply(reading: ByteBuffer(string: #"{"error":{"message":"cut"},"usage":\#(Self.stated)}"#))
        #expect(reply.isError)
        #expect(Self.found(reply) == .output(2, raw: Self.stated))
    }

    @Test(
        "content is counted in bytes as written, over all choices",
        arguments: [
            (
                #"{"choices":[{"message":{"content":"abc"}},{"message":{"content":"de"}},{"message":{"content":"f"}}]}"#,
                6
            ),
            (#"{"choices":[{"text":"abc"}]}"#, 3), (#"{"choices":[{"message":{"content":null,"refusal":"no"}}]}"#, 2),
            (#"{"choices":[{"message":{"reasoning_content":"abcd","content":"\n"}}]}"#, 6),
            (#"{"choices":[{"message":{"tool_calls":[{"function":{"name":"f","arguments":"{\"a\":1}"}}]}}]}"#, 9),
            (#"{"choices":[{"message":{"content":"é"}}],"content":"top","model":"text"}"#, 2), ("{}", 0),
        ] as [(String, Int64)]
    )
    func content(body: String, bytes: Int64) {
        #expect(OpenAIReply(reading: ByteBuffer(string: body)).contentBytes == bytes)
    }

    @Test(
        "recorded answers are read exactly",
        arguments: [
            ("llamacpp-openai-chat", [34, 0, 40], false), ("llamacpp-openai-completions", [2, 0, 12], false),
            ("llamacpp-error-400", nil, true), ("llamacpp-models", nil, false),
        ] as [(String, [Int64]?, Bool)]
    )
    func recordings(name: String, counts: [Int64]?, isError: Bool) throws {
        let reply = OpenAIReply(reading: ByteBuffer(bytes: try Recording(name: name).body()))
        #expect(reply.isError == isError)
        guard let counts else {
            #expect(reply.usage == .missing)
            return
        }
        guard case .reported(let reading, _) = reply.usage else { throw Unexpected(usage: reply.usage) }
        #expect(reading.isPlausible && reading.hasInput && reading.hasOutput)
        #expect([reading.usage[.input], reading.usage[.cacheRead], reading.usage[.output]] == counts)
        #expect(reading.usage.provenance(of: .cacheRead) == .reported)
        #expect(reply.contentBytes > 0)
    }

    struct Unexpected: Error { let usage: UsageFinding }

    @Test(
        "a recorded answer cut anywhere is unreadable, and counts no more content than the whole",
        arguments: Recording.replies
    )
    func cuts(recording: Recording) throws {
        let whole = ByteBuffer(bytes: try recording.body())
        let contentBytes = OpenAIReply(reading: whole).contentBytes
        var last: Int64 = 0
        for length in 0..<whole.readableBytes {
            let reply = OpenAIReply(reading: try #require(whole.getSlice(at: 0, length: length)))
            if reply.usage != .unreadable { Issue.record("cut at \(length), \(reply.usage)") }
            if reply.contentBytes < last || reply.contentBytes > contentBytes {
                Issue.record("cut at \(length), \(reply.contentBytes) bytes of \(contentBytes)")
            }
            last = reply.contentBytes
        }
        #expect(last == contentBytes)
    }

    /// llama.cpp states usage after each of two choices, of all that was generated so far.
    @Test(
        "a recorded stream cut anywhere has the usage stated until then, and loses no byte",
        arguments: [
            ("llamacpp-openai-chat-stream-usage", [60]), ("llamacpp-openai-chat-stream-nousage", []),
            ("llamacpp-openai-chat-stream-n2", [4, 8]),
        ] as [(String, [Int64])]
    )
    func cutStreams(name: String, outputs: [Int64]) throws {
        let bytes = try Recording(name: name).body()
        var seen: [Int64] = []
        var stream = OpenAIStream(stripsUsage: false)
        var passed: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            passed += try stream.receive(ByteBuffer(bytes: [byte]))?.bytes ?? []
            // What is seen where the connection breaks here.
            var cut = stream
            let tail = cut.finish()?.bytes ?? []
            if passed + tail != Array(bytes[...index]) { Issue.record("cut after \(index), bytes lost") }
            if cut.errorSeen { Issue.record("cut after \(index), an error") }
            if let usage = cut.usage {
                if !usage.isPlausible { Issue.record("cut after \(index), \(usage.problems)") }
                if seen.last != usage.usage[.output] { seen.append(usage.usage[.output]) }
            } else if !seen.isEmpty {
                Issue.record("cut after \(index), usage is forgotten")
            }
            if cut.terminalSeen, seen != outputs { Issue.record("cut after \(index), ended early") }
        }
        #expect(seen == outputs)
        #expect(stream.terminalSeen)
    }

    /// An upstream configured under the wrong dialect: what it states goes by other names, so it is estimated.
    @Test(
        "recorded answers of other dialects state neither input nor output, and are no errors",
        arguments: [
            "llamacpp-anthropic-messages", "llamacpp-anthropic-messages-stream", "llamacpp-openai-responses",
            "llamacpp-openai-responses-stream",
        ]
    )
    func otherDialects(name: String) throws {
        let bytes = try Recording(name: name).body()
        if name.hasSuffix("-stream") {
            let tapped = try Tapped([bytes[...]], stripsUsage: true)
            #expect(tapped.bytes + tapped.tail == bytes)
            #expect(tapped.usage?.hasInput != true && tapped.usage?.hasOutput != true)
            #expect(!tapped.errorSeen && tapped.contentBytes > 0)
        } else {
            let reply = OpenAIReply(reading: ByteBuffer(bytes: bytes))
            guard case .reported(let reading, _) = reply.usage else { throw Unexpected(usage: reply.usage) }
            #expect(!reading.hasInput && !reading.hasOutput && reading.usage == Usage())
            #expect(!reply.isError && reply.contentBytes > 0)
        }
    }
}
