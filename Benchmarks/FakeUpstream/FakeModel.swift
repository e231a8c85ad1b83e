import NIOCore

/// The built-in model: its name says how it answers.
///
/// `fake` answers at once. `fake-stream-100-10ms` streams 100 chunks, one every 10 ms. `fake-usage-1000-200-300-50` reports
/// 1000 prompt tokens of which 200 cached, and 300 completion tokens of which 50 reasoning. `fake-nulls` has `"usage":null` in
/// each chunk where usage was asked for, as OpenAI does. All parts combine.
struct FakeModel {
    var chunks = 10
    var delayMilliseconds = 0
    var promptTokens = 34
    var cachedTokens = 5
    var completionTokens = 40
    var reasoningTokens = 8
    var sendsNulls = false

    init(name: String) {
        let words = name.split(separator: "-").map(String.init)
        for (index, word) in words.enumerated() {
            let numbers = words.dropFirst(index + 1).prefix(4).map { Int($0) }
            if word == "stream", let count = numbers.first ?? nil {
                chunks = min(max(count, 1), 1_000_000)
                completionTokens = chunks
                reasoningTokens = 0
            } else if word.hasSuffix("ms"), let delay = Int(word.dropLast(2)) {
                delayMilliseconds = delay
            } else if word == "nulls" {
                sendsNulls = true
            } else if word == "usage", numbers.count == 4, case let known = numbers.compactMap(\.self), known.count == 4
            {
                (promptTokens, cachedTokens, completionTokens, reasoningTokens) = (
                    known[0], known[1], known[2], known[3]
                )
            }
        }
    }

    /// Compiles the whole answer, so that serving it is only handing out buffers.
    func play(_ question: Question) -> Play {
        switch question.endpoint {
        case .unknown:
            return Play(
                .json(
                    #"{"error":{"message":"no such path","type":"invalid_request_error","param":null,"code":null}}"#,
                    status: 404
                )
            )
        case .models:
            return whole(
                #"{"object":"list","data":[{"id":"fake","object":"model","created":1700000000,"owned_by":"fake"}]}"#
            )
        case .embeddings:
            return whole(
                #"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.25,-0.5,0.125,1.0,0.0,0.75,-0.25,0.5]}],"#
                    + #""model":"\#(question.model)","usage":{"prompt_tokens":\#(promptTokens),"total_tokens":\#(promptTokens)}}"#
            )
        case .chat, .completions:
            return question.streams ? stream(question) : whole(answer(question))
        }
    }

    private var usage: String {
        #"{"prompt_tokens":\#(promptTokens),"completion_tokens":\#(completionTokens),"#
            + #""total_tokens":\#(promptTokens + completionTokens),"prompt_tokens_details":{"cached_tokens":\#(cachedTokens)},"#
            + #""completion_tokens_details":{"reasoning_tokens":\#(reasoningTokens)}}"#
    }

    private static let text = "The quick brown fox jumps over the lazy dog."
    private static let toolCalls =
        #"[{"index":0,"id":"call_fake0001","type":"function","function":{"name":"get_weather","arguments":"{\"city\":\"Wien\"}"}}]"#

    private func answer(_ question: Question) -> String {
        let choices = (0..<question.choices).map { index in
            if question.endpoint == .completions {
                #"{"index":\#(index),"text":"\#(Self.text)","logprobs":null,"finish_reason":"stop"}"#
            } else if question.hasTools {
                #"{"index":\#(index),"message":{"role":"assistant","content":null,"tool_calls":\#(Self.toolCalls)},"finish_reason":"tool_calls"}"#
            } else {
                #"{"index":\#(index),"message":{"role":"assistant","content":"\#(Self.text)"},"finish_reason":"stop"}"#
            }
        }
        let object = question.endpoint == .chat ? "chat.completion" : "text_completion"
        return #"{"id":"chatcmpl-fake0001","object":"\#(object)","created":1700000000,"model":"\#(question.model)","#
            + #""choices":[\#(choices.joined(separator: ","))],"usage":\#(usage)}"#
    }

    private func stream(_ question: Question) -> Play {
        let object = question.endpoint == .chat ? "chat.completion.chunk" : "text_completion"
        func event(_ choices: String, usage: String?) -> Script.Piece {
            let null = question.includesUsage && sendsNulls ? #","usage":null"# : ""
            let tail = usage.map { #","usage":\#($0)"# } ?? null
            let text =
                #"data: {"id":"chatcmpl-fake0001","object":"\#(object)","created":1700000000,"model":"\#(question.model)","#
                + #""choices":[\#(choices)]\#(tail)}"# + "\n\n"
            return Script.Piece(text, delayMilliseconds: delayMilliseconds)
        }
        func choice(_ index: Int, _ delta: String, _ text: String, finish: String) -> String {
            question.endpoint == .chat
                ? #"{"index":\#(index),"delta":\#(delta),"finish_reason":\#(finish)}"#
                : #"{"index":\#(index),"text":"\#(text)","finish_reason":\#(finish)}"#
        }
        var pieces: [Script.Piece] = []
        for number in 0..<chunks {
            for index in 0..<question.choices {
                let word = number == 0 ? "Hello" : " word\(number)"
                let delta =
                    question.hasTools && number == 0
                    ? #"{"role":"assistant","tool_calls":\#(Self.toolCalls)}"#
                    : number == 0 ? #"{"role":"assistant","content":"\#(word)"}"# : #"{"content":"\#(word)"}"#
                pieces.append(event(choice(index, delta, word, finish: "null"), usage: nil))
            }
        }
        let reason = question.hasTools ? #""tool_calls""# : #""stop""#
        for index in 0..<question.choices { pieces.append(event(choice(index, "{}", "", finish: reason), usage: nil)) }
        if question.includesUsage { pieces.append(event("", usage: usage)) }
        pieces.append(Script.Piece("data: [DONE]\n\n", delayMilliseconds: 0))
        return Play(.events(pieces))
    }

    /// Head and body in one buffer: one write, one system call.
    private func whole(_ body: String) -> Play {
        Play(
            .raw(
                ByteBuffer(
                    string:
                        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nServer: fake\r\nX-Request-Id: up-fake-1\r\n"
                        + "Content-Length: \(body.utf8.count)\r\n\r\n" + body
                )
            )
        )
    }
}
