import Domain
import Testing

@testable import Dialects

@Suite("answers put together")
struct OpenAIAnswerReaderTests {
    private static func read(_ text: String, isStreamed: Bool = true) -> AssembledAnswer {
        OpenAIAnswerReader().read(Array(text.utf8), isStreamed: isStreamed)
    }

    private static func event(_ json: String) -> String { "data: \(json)\n\n" }

    @Test(
        "recorded answers of a real server",
        arguments: [
            ("llamacpp-openai-chat-stream-n2", ["The fruit is a fruit of the palm", "A fruit."], ["length", "stop"]),
            ("llamacpp-openai-chat-stream-usage", ["華苗華苗: 華苗華苗: 華苗華苗: 華苗華苗: 華苗"], ["length"]),
            (
                "llamacpp-openai-completions-stream-n2", [" a vast expanse of color", " ablent in gold"],
                ["length", "length"]
            ),
            ("llamacpp-openai-completions", [" the moon. The sun is set. It is the day"], ["length"]),
        ]
    )
    func recorded(name: String, content: [String], reasons: [String]) throws {
        let isStreamed = name.contains("stream")
        let answer = OpenAIAnswerReader().read(try Recording(name: name).body(), isStreamed: isStreamed)
        #expect(answer.choices.map(\.content) == content)
        #expect(answer.choices.map(\.index) == content.indices.map(Int64.init))
        #expect(answer.choices.map(\.finishReason) == reasons)
        #expect(answer.model == "smollm2" && answer.usage?.contains("prompt_tokens") == true)
        #expect(answer.unreadableCount == 0 && answer.error == nil)
    }

    @Test("a recorded stream cut anywhere gives a beginning of what it gives whole", arguments: Recording.streams)
    func cut(recording: Recording) throws {
        let body = try recording.excerpt()
        let whole = OpenAIAnswerReader().read(body, isStreamed: true)
        for length in body.indices {
            let part = OpenAIAnswerReader().read(Array(body[..<length]), isStreamed: true)
            #expect(part.choices.count <= whole.choices.count)
            for choice in part.choices {
                let same = try #require(whole.choices.first { $0.index == choice.index })
                #expect(same.content.utf8.starts(with: choice.content.utf8), "cut at \(length)")
            }
        }
    }

    @Test("tool calls come in pieces by their numbers; reasoning and refusals stand apart")
    func pieces() {
        let answer = Self.read(
            Self.event(
                #"{"id":"c","model":"m","choices":[{"index":0,"delta":{"role":"assistant","reasoning_content":"hm"}}]}"#
            )
                + ": keep-alive\n\n"
                + Self.event(
                    #"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"b","function":{"name":"two","arguments":"{"}},{"index":0,"id":"a","type":"function","function":{"name":"one","arguments":"{\"x\""}}]}}]}"#
                )
                + Self.event(
                    #"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]}}]}"#
                )
                + Self.event(#"{"choices":[{"index":0,"delta":{"refusal":"no"},"finish_reason":"tool_calls"}]}"#)
                + Self.event(#"{"choices":[],"usage":{"prompt_tokens":1}}"#) + "data: [DONE]\n\n"
        )
        let choice = answer.choices[0]
        #expect(
            choice.role == "assistant" && choice.reasoning == "hm" && choice.refusal == "no" && choice.content == ""
        )
        #expect(choice.toolCalls.map(\.name) == ["two", "one"] && choice.toolCalls.map(\.id) == ["b", "a"])
        #expect(choice.toolCalls.map(\.arguments) == ["{", #"{"x":1}"#])
        #expect(answer.usage == #"{"prompt_tokens":1}"# && choice.finishReason == "tool_calls")
    }

    @Test("plain answers: tool calls have their places for numbers, embeddings are counted, errors are told")
    func plain() {
        let chat = Self.read(
            #"{"choices":[{"index":0,"message":{"role":"assistant","content":null,"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}},{"id":"b","function":{"name":"g","arguments":""}}]},"finish_reason":"tool_calls"}]}"#,
            isStreamed: false
        )
        #expect(
            chat.choices[0].toolCalls.map(\.name) == ["f", "g"] && chat.choices[0].toolCalls.map(\.index) == [0, 1]
        )
        #expect(Self.read(#"{"data":[{"embedding":[1]},{"embedding":[2]}]}"#, isStreamed: false).embeddingCount == 2)
        #expect(Self.read(#"{"error":{"code":400}}"#, isStreamed: false).error == #"{"code":400}"#)
        #expect(Self.read(#"{"error":{"code":400}}"#, isStreamed: true).error == #"{"code":400}"#)
        #expect(Self.read("", isStreamed: false) == AssembledAnswer())
    }

    private static let brackets = String(repeating: "[", count: 100_000)
    private static let nested = #"{"choices":"# + brackets.prefix(120) + String(repeating: "]", count: 120) + "}"
    private static let longLine = String(repeating: "x", count: 1 << 20)
    private static let hostileAnswers: [(json: String, unreadable: Int64)] = [
        ("<html>", 1), ("{", 1), ("[1]", 1), (#"{"choices":[{"index":1e400}]}"#, 1),
        (#"{"choices":[{"index":99999999999999999999,"text":"x"}]}"#, 0),
        (#"{"choices":[{"index":-5,"delta":{"content":"x"}},7,null,[],"y",{"delta":null},{"message":"z"}]}"#, 0),
        (#"{"choices":{"index":0},"usage":"no","error":null,"id":7,"model":{}}"#, 0),
        (
            #"{"choices":[{"delta":{"tool_calls":[1,{"function":[]},{"index":-1,"function":{"name":3}}],"content":[1]}}]}"#,
            0
        ),
        (#"{"a":1,"a":2}"#, 1), ("{\"a\":\"\u{0}\"}", 1), (#"{"a":"\ud800"}"#, 1), (brackets, 1), (nested, 0),
        (#"{"choices":[{"index":0,"delta":{"content":"\#(longLine)"}}]}"#, 0),
    ]

    @Test("hostile answers end, with what could be read", arguments: hostileAnswers)
    func hostile(json: String, unreadable: Int64) {
        #expect(Self.read(json, isStreamed: false).unreadableCount == unreadable)
        let streamed = Self.read(Self.event(json) + "data: \(json)")
        #expect(streamed.unreadableCount >= unreadable)
    }

    @Test("no number of choices or tool calls takes more than a bound")
    func bounded() {
        let choices = (0..<3_000).map { #"{"index":\#($0),"text":"x"}"# }.joined(separator: ",")
        #expect(Self.read("{\"choices\":[\(choices)]}", isStreamed: false).choices.count == 1_024)
        let calls = (0..<3_000).map { #"{"index":\#($0),"function":{"name":"f"}}"# }.joined(separator: ",")
        let answer = Self.read(Self.event(#"{"choices":[{"delta":{"tool_calls":[\#(calls)]}}]}"#))
        #expect(answer.choices[0].toolCalls.count == 1_024)
    }
}
