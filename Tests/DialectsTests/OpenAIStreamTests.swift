import Dialects
import Domain
import Foundation
import NIOCore
import Testing

/// All that a tap yields for one way of cutting a stream.
struct Tapped: Equatable {
    var bytes: [UInt8] = []
    /// What had to wait for the bill.
    var tail: [UInt8] = []
    var usage: UsageReading?
    var rawUsage: [UInt8]?
    var terminalSeen = false
    var errorSeen = false
    var firstEventIsError = false
    var finishSeen = false
    var contentEvents: Int64 = 0
    var contentBytes: Int64 = 0
    var unreadableEvents: Int64 = 0
    var isUsageBehind = false

    init(
        _ chunks: [ArraySlice<UInt8>],
        stripsUsage: Bool,
        choices: Int64 = 1,
        prompts: Int64 = 1,
        eventByteLimit: Int = 1 << 20
    ) throws {
        var stream = OpenAIStream(
            stripsUsage: stripsUsage,
            choices: choices,
            prompts: prompts,
            eventByteLimit: eventByteLimit
        )
        for chunk in chunks {
            if let output = try stream.receive(ByteBuffer(bytes: chunk)) { bytes += output.bytes }
        }
        tail = stream.finish()?.bytes ?? []
        usage = stream.usage
        rawUsage = stream.rawUsage?.bytes
        terminalSeen = stream.terminalSeen
        errorSeen = stream.errorSeen
        firstEventIsError = stream.firstEventIsError
        finishSeen = stream.finishSeen
        contentEvents = stream.contentEvents
        contentBytes = stream.contentBytes
        unreadableEvents = stream.unreadableEvents
        isUsageBehind = stream.isUsageBehind
    }

    init(_ text: String, stripsUsage: Bool = false, choices: Int64 = 1) throws {
        try self.init([ArraySlice(text.utf8)], stripsUsage: stripsUsage, choices: choices)
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }
    var tailText: String { String(decoding: tail, as: UTF8.self) }
}

/// The same lines with other ends.
enum LineEnd: String, CaseIterable, Sendable {
    case lf = "\n"
    case cr = "\r"
    case crlf = "\r\n"

    func of(_ bytes: [UInt8]) -> [UInt8] {
        bytes.flatMap { $0 == UInt8(ascii: "\n") ? Array(rawValue.utf8) : [$0] }
    }
}

@Suite("the tap on a stream")
struct OpenAIStreamTests {
    @Test(
        "cut at every byte, a recorded stream gives the same bytes and the same usage",
        arguments: Recording.streams,
        LineEnd.allCases
    )
    func cuts(recording: Recording, lineEnd: LineEnd) throws {
        // Each cut reads all again: the other line ends are tried on the first and the last events.
        let bytes = lineEnd.of(lineEnd == .lf ? try recording.body() : try recording.excerpt())
        for stripsUsage in [false, true] {
            let whole = try Tapped([bytes[...]], stripsUsage: stripsUsage)
            #expect(whole.terminalSeen)
            #expect(whole.tailText.hasPrefix("data: [DONE]"))
            if !stripsUsage { #expect(whole.bytes + whole.tail == bytes) }
            for cut in 0...bytes.count {
                let cutInTwo = try Tapped([bytes[..<cut], bytes[cut...]], stripsUsage: stripsUsage)
                if cutInTwo != whole { Issue.record("cut at \(cut) changes what is seen") }
            }
            #expect(try Tapped(bytes.indices.map { bytes[$0...$0] }, stripsUsage: stripsUsage) == whole)
        }
    }

    @Test("a stream without usage asked for, stripped, is the stream that came")
    func recordedWithoutUsage() throws {
        let bytes = try Recording(name: "llamacpp-openai-chat-stream-nousage").body()
        let tapped = try Tapped([bytes[...]], stripsUsage: true)
        #expect(tapped.bytes + tapped.tail == bytes)
        #expect(tapped.usage == nil)
        #expect(tapped.finishSeen)
        #expect(tapped.contentEvents == 42)
    }

    @Test("recorded usage is read exactly, and its event is all that stripping takes out")
    func recordedUsage() throws {
        let bytes = try Recording(name: "llamacpp-openai-chat-stream-usage").body()
        let tapped = try Tapped([bytes[...]], stripsUsage: true)
        let usage = try #require(tapped.usage)
        #expect(usage.isPlausible)
        #expect(usage.usage[.input] == 29)
        #expect(usage.usage[.cacheRead] == 5)
        #expect(usage.usage[.output] == 60)
        let events = String(decoding: bytes, as: UTF8.self).components(separatedBy: "\n\n")
        let kept = events.filter { !$0.contains(#""choices":[]"#) }.joined(separator: "\n\n")
        #expect(tapped.text + tapped.tailText == kept)
        #expect(events.count == kept.components(separatedBy: "\n\n").count + 1)
    }

    @Test("llama.cpp states each choice's usage when it ends: the sum is what was generated")
    func twoChoices() throws {
        let bytes = try Recording(name: "llamacpp-openai-chat-stream-n2").body()
        for end in LineEnd.allCases {
            let tapped = try Tapped([end.of(bytes)[...]], stripsUsage: false, choices: 2)
            let usage = try #require(tapped.usage)
            #expect(usage.isPlausible)
            #expect(usage.usage[.input] == 10)
            #expect(usage.usage[.cacheRead] == 24)
            // "A fruit." and an end, and eight tokens that the limit cut.
            #expect(usage.usage[.output] == 12)
            #expect(usage.usage.provenance(of: .output) == .derived)
            let raw = try JSONSerialization.jsonObject(with: Data(tapped.rawUsage ?? [])) as? [[String: Any]]
            #expect(raw?.compactMap { $0["completion_tokens"] as? Int } == [4, 8])
            #expect(tapped.finishSeen && !tapped.isUsageBehind)
        }
    }

    @Test("so it does where completions end, on the event that ends them: of one prompt twice, or of two prompts")
    func twoCompletions() throws {
        let twice = try Recording(name: "llamacpp-openai-completions-stream-n2").body()
        let ofOne = try #require(try Tapped([twice[...]], stripsUsage: true, choices: 2).usage).usage
        #expect(ofOne[.input] == 1 && ofOne[.cacheRead] == 2 && ofOne[.output] == 10)
        let two = try Recording(name: "llamacpp-openai-completions-stream-prompts2").body()
        let ofTwo = try #require(try Tapped([two[...]], stripsUsage: true, choices: 2, prompts: 2).usage).usage
        #expect(ofTwo[.input] == 2 && ofTwo[.cacheRead] == 9 && ofTwo[.output] == 8)
    }

    /// A stream in short: `a`, `b` are tokens of choices; `A`, `B` their ends; numbers are usage that stands alone, `u`
    /// and a number usage on an event with a token.
    static func stream(_ script: String, prompt: Int = 3) -> String {
        script.split(separator: " ").map { word in
            func choices(_ letter: Character, _ members: String) -> String {
                #""choices":[{"index":\#(letter.lowercased() == "a" ? 0 : 1),\#(members)}]"#
            }
            func usage(_ count: Substring) -> String {
                #""usage":{"prompt_tokens":\#(prompt),"completion_tokens":\#(count),"total_tokens":\#(prompt + (Int(count) ?? 0))}"#
            }
            let text = #""delta":{"content":"x"},"finish_reason":null"#
            let members =
                switch word.first {
                case "u": choices("a", text) + "," + usage(word.dropFirst())
                case "A", "B", "C":
                    choices(word.first ?? "a", #""delta":{},"finish_reason":"stop""#)
                        + (word.count > 1 ? "," + usage(word.dropFirst()) : "")
                case "a", "b", "c": choices(word.first ?? "a", text)
                case "D": ""
                default: #""choices":[],"# + usage(word)
                }
            return word == "D" ? done : "data: {\(members)}\n\n"
        }.joined()
    }

    @Test(
        "usage of single choices adds up, usage that restates the whole does not",
        arguments: [
            ("a b a A 3 b B 3 D", 2, 6, false), ("a A 2 b B 2 c C 2 D", 3, 6, false),
            ("a b A B 2 D", 2, 2, false), ("a a a A 4 b b b b b B 6", 2, 10, false),
            // A provider that cumulates, at each end or all the time.
            ("a A 2 b B 4 D", 2, 4, false), ("a a a A 4 b b b B 8 c c C 11 D", 3, 11, false),
            ("1 a 2 b 3 A 4 b 5 B 6 D", 2, 6, false), ("a 1 b 2 A 3 B 4 D", 2, 4, false),
            ("u1 b u2 A B 4 D", 2, 4, false),
            ("a a A 2 b b B 2 4 D", 2, 4, false), ("a a A 2 b b B 2 4 4 D", 2, 4, false),
            // The same on the events that end choices, and what cumulates there or everywhere.
            ("a b a A3 b B3 D", 2, 6, false), ("a A2 b B4 D", 2, 4, false), ("u1 u2 A2 b B3 D", 2, 3, false),
            ("u1 u2 u3 A3 B3 D", 2, 3, false), ("u1 A1 u2 B2 D", 2, 2, false), ("a A2 b b B3 5 D", 2, 5, false),
            // One choice has one usage, whatever comes.
            ("a A 2 b B 2 D", 1, 2, false),
            // What came after the last usage, or belongs to choices that have not ended, it does not hold.
            ("a b b A 2", 2, 2, true), ("a A 2 b", 2, 2, true), ("a b b A 2 D", 2, 2, false), ("a A 2 b D", 2, 2, true),
            ("0 a a", 1, 0, true), ("0 a a A", 1, 0, true), ("a a 2 A", 1, 2, false), ("u1 u2", 1, 2, false),
            ("u1 u2 a", 1, 2, true), ("a a", 1, nil, false),
        ] as [(String, Int64, Int64?, Bool)]
    )
    func usageOfChoices(script: String, choices: Int64, output: Int64?, isBehind: Bool) throws {
        let text = Self.stream(script)
        for stripsUsage in [false, true] {
            let tapped = try Tapped(text, stripsUsage: stripsUsage, choices: choices)
            #expect(tapped.usage?.usage[.output] == output)
            #expect(tapped.usage?.usage[.input] == output.map { _ in 3 })
            #expect(tapped.isUsageBehind == isBehind)
            let bytes = Array(text.utf8)
            #expect(
                try Tapped(bytes.indices.map { bytes[$0...$0] }, stripsUsage: stripsUsage, choices: choices) == tapped
            )
        }
    }

    @Test(
        "usage of other prompts adds up only where each has one answer",
        arguments: [(2, 1, 4, 2), (2, 2, 7, 4), (4, 2, 4, 2)] as [(Int64, Int64, Int64, Int64)]
    )
    func otherPrompts(choices: Int64, prompts: Int64, input: Int64, output: Int64) throws {
        let text = Self.stream("a b A 2") + Self.stream("b b b B 2", prompt: 4)
        let tapped = try Tapped([ArraySlice(text.utf8)], stripsUsage: false, choices: choices, prompts: prompts)
        #expect(tapped.usage?.usage[.input] == input && tapped.usage?.usage[.output] == output)
    }

    static let event = #"data: {"id":"a","choices":[{"index":0,"delta":{"content":"hi"}}]}"# + "\n\n"
    static let usageEvent =
        #"data: {"id":"a","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}"# + "\n\n"
    static let done = "data: [DONE]\n\n"

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let input: String
        let stripped: String
        var tail = ""
        var output: Int64?
        var isError = false
        var isFirstError = false

        init(
            _ name: String,
            _ input: String,
            stripped: String,
            tail: String = "",
            output: Int64? = nil,
            isError: Bool = false,
            isFirstError: Bool = false
        ) {
            testDescription = name
            self.input = input
            self.stripped = stripped
            self.tail = tail
            self.output = output
            self.isError = isError
            self.isFirstError = isFirstError
        }
    }

    @Test(
        "what stripping leaves, what waits and what is seen",
        arguments: [
            Case("plain", event + usageEvent + done, stripped: event, tail: done, output: 2),
            Case(
                "null usage goes, as without include_usage it would not be there",
                #"data: {"choices":[{"delta":{}}],"usage":null}"# + "\n\n"
                    + #"data: {"usage":null,"choices":[{"delta":{}}]}"# + "\n\n"
                    + #"data: {"choices":[{"delta":{}}] , "usage" : null , "obfuscation":"x"}"# + "\n\n",
                stripped: #"data: {"choices":[{"delta":{}}]}"# + "\n\n" + #"data: {"choices":[{"delta":{}}]}"# + "\n\n"
                    + #"data: {"choices":[{"delta":{}}]  , "obfuscation":"x"}"# + "\n\n"
            ),
            Case(
                "null usage alone in its object stays",
                #"data: {"usage":null}"# + "\n\n",
                stripped: #"data: {"usage":null}"# + "\n\n"
            ),
            Case(
                "cumulative usage on events with choices: forwarded, the last one counts",
                #"data: {"choices":[{"delta":{}}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}"#
                    + "\n\n"
                    + #"data: {"choices":[{"delta":{}}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}"#
                    + "\n\n",
                stripped:
                    #"data: {"choices":[{"delta":{}}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}"#
                    + "\n\n"
                    + #"data: {"choices":[{"delta":{}}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}"#
                    + "\n\n",
                output: 2
            ),
            Case(
                "a later null does not undo usage",
                usageEvent + #"data: {"choices":[],"usage":null}"# + "\n\n",
                stripped: #"data: {"choices":[]}"# + "\n\n",
                output: 2
            ),
            Case(
                "a later usage that states nothing does not undo one that did",
                usageEvent + #"data: {"choices":[],"usage":{}}"# + "\n\n"
                    + #"data: {"choices":[],"usage":{"prompt_tokens":"3"}}"# + "\n\n",
                stripped: "",
                output: 2
            ),
            Case(
                "one that states anything replaces one that stated nothing",
                #"data: {"choices":[],"usage":{}}"# + "\n\n" + usageEvent,
                stripped: "",
                output: 2
            ),
            Case("comments pass", ": ping\n\n" + event + ": ping\n\n", stripped: ": ping\n\n" + event + ": ping\n\n"),
            Case(
                "text that names usage and error is text",
                #"data: {"choices":[{"delta":{"content":"\"usage\":{\"prompt_tokens\":9} \"error\":1"}}]}"# + "\n\n",
                stripped: #"data: {"choices":[{"delta":{"content":"\"usage\":{\"prompt_tokens\":9} \"error\":1"}}]}"#
                    + "\n\n"
            ),
            Case(
                "usage and error inside other members are not ours",
                #"data: {"choices":[{"usage":{"prompt_tokens":9},"error":{}}]}"# + "\n\n",
                stripped: #"data: {"choices":[{"usage":{"prompt_tokens":9},"error":{}}]}"# + "\n\n"
            ),
            Case(
                "data over several lines",
                "data: {\"choices\":[],\ndata: \"usage\":{\"prompt_tokens\":3,\ndata: \"completion_tokens\":2}}\n\n"
                    + event,
                stripped: event,
                output: 2
            ),
            Case(
                "lines of data are joined by a line feed, which no number spans",
                "data: {\"choices\":[],\"usage\":{\"completion_tokens\":1\ndata: 0}}\n\n",
                stripped: "",
                output: 0
            ),
            Case(
                "an error first",
                #"data: {"error":{"message":"no"}}"# + "\n\n",
                stripped: #"data: {"error":{"message":"no"}}"# + "\n\n",
                isError: true,
                isFirstError: true
            ),
            Case(
                "an error after content",
                event + #"data: {"error":{"message":"no"}}"# + "\n\n",
                stripped: event + #"data: {"error":{"message":"no"}}"# + "\n\n",
                isError: true
            ),
            Case(
                "a null error is none",
                #"data: {"error":null,"choices":[{"delta":{}}]}"# + "\n\n",
                stripped: #"data: {"error":null,"choices":[{"delta":{}}]}"# + "\n\n"
            ),
            Case(
                "event: error",
                "event: error\ndata: {\"message\":\"no\"}\n\n",
                stripped: "event: error\ndata: {\"message\":\"no\"}\n\n",
                isError: true,
                isFirstError: true
            ),
            Case(
                "llama.cpp's old error field",
                "error: {\"message\":\"no\"}\n\n",
                stripped: "error: {\"message\":\"no\"}\n\n",
                isError: true,
                isFirstError: true
            ),
            Case(
                "whatever follows the end waits with it",
                event + done + ": x\n\n",
                stripped: event,
                tail: done + ": x\n\n"
            ),
            Case("an end without its blank line", event + "data: [DONE]\n", stripped: event, tail: "data: [DONE]\n"),
            Case("an end without space", event + "data:[DONE]\n\n", stripped: event, tail: "data:[DONE]\n\n"),
            Case(
                "usage on a last event that lacks its blank line is read, and stripped",
                event + usageEvent.dropLast(2),
                stripped: event,
                output: 2
            ),
            Case("a cut event waits to the end", event + "data: {\"cho", stripped: event, tail: "data: {\"cho"),
            Case("a byte order mark", "\u{FEFF}" + usageEvent + event, stripped: event, output: 2),
            Case(
                "HTML with status 200",
                "<html><body>Bad gateway</body></html>\n\n",
                stripped: "<html><body>Bad gateway</body></html>\n\n"
            ),
        ]
    )
    func table(_ line: Case) throws {
        for end in LineEnd.allCases {
            let input = end.of(Array(line.input.utf8))
            let stripped = try Tapped([input[...]], stripsUsage: true)
            #expect(stripped.bytes == end.of(Array(line.stripped.utf8)))
            #expect(stripped.tail == end.of(Array(line.tail.utf8)))
            #expect(stripped.usage?.usage[.output] == line.output)
            #expect(stripped.errorSeen == line.isError)
            #expect(stripped.firstEventIsError == line.isFirstError)
            let plain = try Tapped([input[...]], stripsUsage: false)
            #expect(plain.bytes + plain.tail == input)
            #expect(plain.usage == stripped.usage)
            for stripsUsage in [true, false] {
                let whole = stripsUsage ? stripped : plain
                for cut in 0...input.count {
                    #expect(
                        try Tapped([input[..<cut], input[cut...]], stripsUsage: stripsUsage) == whole,
                        "cut \(cut)"
                    )
                }
                #expect(try Tapped(input.indices.map { input[$0...$0] }, stripsUsage: stripsUsage) == whole)
            }
        }
    }

    @Test("a chunk of whole events passes without a copy")
    func noCopy() throws {
        var stream = OpenAIStream(stripsUsage: true)
        let chunk = ByteBuffer(string: Self.event + Self.event)
        let output = try #require(try stream.receive(chunk))
        let source = chunk.withUnsafeReadableBytes { $0.baseAddress }
        #expect(output.withUnsafeReadableBytes { $0.baseAddress } == source)
    }

    @Test("an endless line is cut at the limit, in whatever pieces it comes", arguments: [1, 100, 5_000])
    func endlessLine(chunkBytes: Int) {
        var stream = OpenAIStream(stripsUsage: true, eventByteLimit: 4_096)
        var received = 0
        #expect(throws: SSEProblem.eventTooLong(limitBytes: 4_096)) {
            for _ in 0..<10_000 {
                received += chunkBytes
                _ = try stream.receive(ByteBuffer(repeating: UInt8(ascii: "x"), count: chunkBytes))
            }
        }
        #expect(received <= 4_096 + chunkBytes)
    }

    @Test("what follows the end is bounded too, and the usage stays known")
    func endlessTail() throws {
        var stream = OpenAIStream(stripsUsage: true, eventByteLimit: 4_096)
        _ = try stream.receive(ByteBuffer(string: Self.usageEvent + Self.done))
        #expect(throws: SSEProblem.tailTooLong(limitBytes: 4_096)) {
            for _ in 0..<10 { _ = try stream.receive(ByteBuffer(repeating: 0x0A, count: 1_000)) }
        }
        #expect(stream.usage?.usage[.output] == 2)
    }

    @Test("the tail is bounded also where it comes with the end in one chunk, as it is cut anywhere else")
    func endlessTailAtOnce() throws {
        let text = Self.usageEvent + Self.done + String(repeating: "\n", count: 4_096)
        var stream = OpenAIStream(stripsUsage: true, eventByteLimit: 4_096)
        #expect(throws: SSEProblem.tailTooLong(limitBytes: 4_096)) { _ = try stream.receive(ByteBuffer(string: text)) }
        #expect(stream.usage?.usage[.output] == 2)
    }

    @Test("an event as long as the limit passes, wherever it is cut", arguments: LineEnd.allCases)
    func longestEvent(end: LineEnd) throws {
        let event = end.of(Array("data: \(String(repeating: "x", count: 80))\n\n".utf8))
        // The LF after the CR of a blank line may come later, and does not count.
        let limit = event.count - (end == .crlf ? 1 : 0)
        for chunks in [[event[...]], event.indices.map { event[$0...$0] }] {
            #expect(try Tapped(chunks, stripsUsage: false, eventByteLimit: limit).bytes == event)
            #expect(throws: SSEProblem.eventTooLong(limitBytes: limit - 1)) {
                try Tapped(chunks, stripsUsage: false, eventByteLimit: limit - 1)
            }
        }
    }

    @Test(
        "text is guessed as the prompt is: four bytes a token, one for a wide character",
        arguments: [("", 0), ("abcd", 1), ("abcde", 2), ("世界", 2), ("世a界", 3), ("한국어 ok", 4), ("ＡＢ", 2), ("é", 1)]
            as [(String, Int64)]
    )
    func contentTokens(text: String, tokens: Int64) throws {
        let choice = #"{"choices":[{"delta":{"content":"\#(text)"}}]}"#
        var stream = OpenAIStream(stripsUsage: false)
        _ = try stream.receive(ByteBuffer(string: "data: \(choice)\n\n"))
        #expect(stream.contentTokens == tokens)
        #expect(OpenAIReply(reading: ByteBuffer(string: choice)).contentTokens == tokens)
    }

    @Test("tool calls, reasoning and refusals count as content")
    func content() throws {
        let tapped = try Tapped(
            #"data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"f","arguments":"{\"a"}}]}}]}"#
                + "\n\n" + #"data: {"choices":[{"delta":{"reasoning_content":"abc","content":null}}]}"# + "\n\n"
                + #"data: {"choices":[{"text":"de","finish_reason":"stop"}]}"# + "\n\n"
        )
        #expect(tapped.contentBytes == 4 + 3 + 2)
        #expect(tapped.contentEvents == 3)
        #expect(tapped.finishSeen)
    }
}
