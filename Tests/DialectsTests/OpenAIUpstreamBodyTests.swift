import Dialects
import Domain
import NIOCore
import Testing

@Suite("the body that is sent on")
struct OpenAIUpstreamBodyTests {
    private func sent(
        _ body: String,
        _ endpoint: Endpoint = .chatCompletions,
        model: String? = nil,
        outputLimit: Int64? = nil,
        forceUsage: Bool = false,
        limitName: OutputLimitName = .maxTokens
    ) throws -> String {
        let request = try OpenAIRequest.parse(ByteBuffer(string: body), endpoint: endpoint)
        let sent = request.upstreamBody(
            model: model ?? request.model,
            outputLimit: outputLimit,
            forceUsage: forceUsage,
            limitName: limitName
        )
        // What is sent on says what was asked for.
        let again = try OpenAIRequest.parse(sent, endpoint: endpoint)
        #expect(again.model.utf8.elementsEqual((model ?? request.model).utf8))
        #expect(again.isStreamed == request.isStreamed)
        return sent.text
    }

    /// Members that are none of ours, in spellings that a reader which writes anew would change.
    static let strange = [
        #""x":1.0"#, #""x":1E5"#, #""x":-0"#, #""x":123456789012345678901234567890"#, #""x":0.1000"#,
        #""x":"\u00e9\/\u0041""#, #""\u0078":[ 1 , 2 ]"#, #""x" : { "b":1, "a":2 }"#, #""":null"#,
        #""x":"\ud83d\ude00 </script>""#, #""seed":9007199254740993"#, #""logit_bias":{"50256":-100}"#,
        #""x":{"model":"m","max_tokens":1,"stream_options":{}}"#, #""max_tokens ":"5""#,
    ]

    @Test("members that are not ours pass byte for byte", arguments: strange)
    func verbatim(member: String) throws {
        let body = " {\n \(member) ,\t\"model\" : \"m\" , \"max_tokens\" : 9 , \"stream\" : true } \r\n"
        #expect(try sent(body) == body)
        let expected =
            " {\"stream_options\":{\"include_usage\":true},\n \(member) ,\t\"model\" : \"other\" , \"max_tokens\" : 7 , \"stream\" : true } \r\n"
        #expect(try sent(body, model: "other", outputLimit: 7, forceUsage: true) == expected)
    }

    @Test(
        "a model is written so that it is read back",
        arguments: [
            ("a\"b", #""a\"b""#), ("a\\", #""a\\""#), ("\",\"n\":99,\"x\":\"", #""\",\"n\":99,\"x\":\"""#),
            ("é世😀", "\"é世😀\""), ("a/b:c@d", "\"a/b:c@d\""), ("\u{2028}", "\"\u{2028}\""),
            // One for a reader of Unicode, another in bytes.
            ("caf\u{E9}", "\"caf\u{E9}\""),
        ]
    )
    func model(name: String, written: String) throws {
        #expect(try sent(#"{"n":1,"model":"m","x":2}"#, model: name) == "{\"n\":1,\"model\":\(written),\"x\":2}")
        #expect(try sent(#"{"mod\u0065l":"cafe\u0301"}"#, model: name) == "{\"mod\\u0065l\":\(written)}")
    }

    @Test("a model that stays is left as the client wrote it")
    func sameModel() throws { #expect(try sent(#"{"model":"\u006d"}"#, model: "m") == #"{"model":"\u006d"}"#) }

    /// The members that follow the model, the limit to write, what is sent to a server that obeys `max_tokens`.
    static let limits: [(String, Int64?, String)] = [
        ("", 7, #"{"max_tokens":7,"model":"m"}"#), ("", nil, #"{"model":"m"}"#),
        (#","max_tokens":9"#, 7, #"{"model":"m","max_tokens":7}"#),
        (#","max_tokens":7"#, 7, #"{"model":"m","max_tokens":7}"#),
        (#","max_tokens":9"#, nil, #"{"model":"m","max_tokens":9}"#),
        // What the server may not know bounds nothing: what it knows goes beside it.
        (#","max_completion_tokens":9"#, 7, #"{"max_tokens":7,"model":"m","max_completion_tokens":7}"#),
        (#","max_completion_tokens":9"#, nil, #"{"max_tokens":9,"model":"m","max_completion_tokens":9}"#),
        (#","n_predict":9"#, 7, #"{"max_tokens":7,"model":"m","n_predict":7}"#),
        (#","n_predict":9"#, nil, #"{"max_tokens":9,"model":"m","n_predict":9}"#),
        (
            #","n_predict":9,"max_completion_tokens":8"#, nil,
            #"{"max_tokens":8,"model":"m","n_predict":8,"max_completion_tokens":8}"#
        ),
        (#","n_predict":null"#, 7, #"{"max_tokens":7,"model":"m","n_predict":7}"#),
        (#","n_predict":null"#, nil, #"{"model":"m","n_predict":null}"#),
        (#","max_tokens":null"#, 7, #"{"model":"m","max_tokens":7}"#),
        (#","max_tokens":null"#, nil, #"{"model":"m","max_tokens":null}"#),
        (#","max_tokens":null,"n_predict":9"#, nil, #"{"model":"m","max_tokens":9,"n_predict":9}"#),
        (#","max_tokens":null,"n_predict":null"#, nil, #"{"model":"m","max_tokens":null,"n_predict":null}"#),
        (#","max_tokens":9,"n_predict":8"#, 7, #"{"model":"m","max_tokens":7,"n_predict":7}"#),
        (#","max_tokens":9,"n_predict":8"#, nil, #"{"model":"m","max_tokens":8,"n_predict":8}"#),
        (
            #","max_completion_tokens":null,"max_tokens":9"#, nil,
            #"{"model":"m","max_completion_tokens":9,"max_tokens":9}"#
        ),
        (#","max\u005ftokens": 9"#, 2_147_483_647, #"{"model":"m","max\u005ftokens": 2147483647}"#),
        (#","max_tokens":9,"x":{"max_tokens":9}"#, 7, #"{"model":"m","max_tokens":7,"x":{"max_tokens":9}}"#),
        (
            #","max_tokens":5,"max_completion_tokens":6,"n_predict":4"#, nil,
            #"{"model":"m","max_tokens":4,"max_completion_tokens":4,"n_predict":4}"#
        ),
    ]

    @Test("the limit is written over every one the client named, and put where the server finds it", arguments: limits)
    func outputLimit(members: String, limit: Int64?, expected: String) throws {
        let body = #"{"model":"m""# + members + "}"
        for endpoint in [Endpoint.chatCompletions, .completions] {
            #expect(try sent(body, endpoint, outputLimit: limit) == expected)
        }
        #expect(try sent(body, .embeddings, outputLimit: limit, forceUsage: true) == body)
    }

    /// The same where `max_completion_tokens` is obeyed: OpenAI, which refuses it beside `max_tokens`.
    static let limitsAtOpenAI: [(String, Int64?, String)] = [
        ("", 7, #"{"max_completion_tokens":7,"model":"m"}"#), ("", nil, #"{"model":"m"}"#),
        (#","max_completion_tokens":9"#, 7, #"{"model":"m","max_completion_tokens":7}"#),
        (#","max_completion_tokens":9"#, nil, #"{"model":"m","max_completion_tokens":9}"#),
        (#","max_completion_tokens":null"#, 7, #"{"model":"m","max_completion_tokens":7}"#),
        (#","max_tokens":9"#, 7, #"{"model":"m","max_tokens":7}"#),
        (#","max_tokens":9"#, nil, #"{"model":"m","max_tokens":9}"#),
        (#","max_tokens":null"#, 7, #"{"max_completion_tokens":7,"model":"m","max_tokens":null}"#),
        (
            #","max_tokens":null,"max_completion_tokens":9"#, nil,
            #"{"model":"m","max_tokens":null,"max_completion_tokens":9}"#
        ),
        (#","max_tokens":9,"n_predict":8"#, nil, #"{"model":"m","max_tokens":8,"n_predict":8}"#),
        (#","n_predict":9"#, nil, #"{"max_completion_tokens":9,"model":"m","n_predict":9}"#),
        (#","n_predict":9"#, 7, #"{"max_completion_tokens":7,"model":"m","n_predict":7}"#),
    ]

    @Test("OpenAI gets one limit, under the name that all of its models take", arguments: limitsAtOpenAI)
    func outputLimitAtOpenAI(members: String, limit: Int64?, expected: String) throws {
        let body = #"{"model":"m""# + members + "}"
        #expect(try sent(body, outputLimit: limit, limitName: .maxCompletionTokens) == expected)
    }

    @Test(
        "usage is asked for where the client does not",
        arguments: [
            (#""stream":true"#, #"{"stream_options":{"include_usage":true},"stream":true,"model":"m"}"#),
            (
                #""stream":true,"stream_options":null"#,
                #"{"stream":true,"stream_options":{"include_usage":true},"model":"m"}"#
            ),
            (
                #""stream":true,"stream_options":{}"#,
                #"{"stream":true,"stream_options":{"include_usage":true},"model":"m"}"#
            ),
            (
                #""stream":true,"stream_options": { }"#,
                #"{"stream":true,"stream_options": {"include_usage":true },"model":"m"}"#
            ),
            (
                #""stream":true,"stream_options":{"x":1}"#,
                #"{"stream":true,"stream_options":{"include_usage":true,"x":1},"model":"m"}"#
            ),
            (
                #""stream_options":{"x":{"include_usage":true},"include_usage": false},"stream":true"#,
                #"{"stream_options":{"x":{"include_usage":true},"include_usage": true},"stream":true,"model":"m"}"#
            ),
            (
                #""stream":true,"stream_options":{"include_usage":null}"#,
                #"{"stream":true,"stream_options":{"include_usage":true},"model":"m"}"#
            ),
            (
                #""stream":true,"stream\u005foptions":{"include\u005fusage":false,"x":1}"#,
                #"{"stream":true,"stream\u005foptions":{"include\u005fusage":true,"x":1},"model":"m"}"#
            ),
            (
                #""stream":true,"stream_options":{"include_usage":true}"#,
                #"{"stream":true,"stream_options":{"include_usage":true},"model":"m"}"#
            ),
            (#""stream":false"#, #"{"stream":false,"model":"m"}"#),
            (#""stream":null"#, #"{"stream":null,"model":"m"}"#),
            (#""stream_options":{"x":1}"#, #"{"stream_options":{"x":1},"model":"m"}"#),
        ]
    )
    func forcedUsage(members: String, expected: String) throws {
        let body = "{\(members),\"model\":\"m\"}"
        for endpoint in [Endpoint.chatCompletions, .completions] {
            let sent = try sent(body, endpoint, forceUsage: true)
            #expect(sent == expected)
            let again = try OpenAIRequest.parse(ByteBuffer(string: sent), endpoint: endpoint)
            #expect(again.asksForUsage == again.isStreamed)
        }
        #expect(try sent(body) == body)
    }
}
