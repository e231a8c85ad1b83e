import Domain
import Foundation
import Fuzzing
import NIOCore
import Testing

@testable import Dialects

@Suite("outlines of bodies")
struct OpenAIOutlineTests {
    private static func request(_ body: String) -> String {
        String(decoding: OpenAIOutline.request(Array(body.utf8)), as: UTF8.self)
    }

    @Test(
        "requests are told by parameters, roles, sizes, kinds and names of tools",
        arguments: [
            (
                #"{"model":"gpt-4o","messages":[{"role":"system","content":"be kind"},{"role":"user","content":[{"type":"text","text":"hi"},{"type":"image_url","image_url":{"url":"x"}}]}],"temperature":0.5,"stream":true}"#,
                #"{"model":"gpt-4o","messages":[{"role":"system","content_bytes":7},{"role":"user","parts":["text","image_url"],"content_bytes":74}],"temperature":0.5,"stream":true}"#
            ),
            (
                #"{"messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"c","function":{"name":"look_up","arguments":"{\"q\":\"secret\"}"}}]},{"role":"secret role","name":"secret"}]}"#,
                #"{"messages":[{"role":"assistant","content_bytes":4,"tool_calls":["look_up"]},{"role":"other"}]}"#
            ),
            (
                #"{"tools":[{"type":"function","function":{"name":"f","description":"secret","parameters":{"secret":1}}},{"type":"secret words"}],"tool_choice":{"function":{"name":"secret"}}}"#,
                #"{"tools":["f","other"],"tool_choice":{"count":1,"bytes":30}}"#
            ),
            (
                #"{"response_format":{"type":"json_schema","json_schema":{"name":"secret"}},"stop":["secret"],"logit_bias":{"1":2},"reasoning":{"effort":"high","secret":"x"}}"#,
                #"{"response_format":{"type":"json_schema"},"stop":{"count":1,"bytes":10},"logit_bias":{"count":1,"bytes":7},"reasoning":{"effort":"high"}}"#
            ),
            (
                #"{"prompt":["a secret","b"],"suffix":"secret"}"#,
                #"{"prompt":{"count":2,"bytes":16},"suffix":{"bytes":6}}"#
            ),
            // What nobody knows may be anything, its name too.
            (#"{"secret":1,"user":"secret","metadata":{"secret":"secret"},"n":2}"#, #"{"n":2,"other_members":3}"#),
            (
                #"{"model":"a secret text","service_tier":"flex","max_tokens":null}"#,
                #"{"model":"other","service_tier":"flex","max_tokens":null}"#
            ),
            // Cut off: the last value is not whole.
            (#"{"model":"m","messages":[{"role":"user","content":"secr"#, #"{"model":"m"}"#),
            ("", "{}"), ("[", "{}"), ("x", "{}"), (#"{"model""#, "{}"), (#"{"model":""#, "{}"),
        ]
    )
    func requests(body: String, outline: String) { #expect(Self.request(body) == outline) }

    @Test("answers are told by finish reasons, sizes and names of tools, streamed or not")
    func answers() {
        func outline(_ body: String, isStreamed: Bool) -> String {
            String(decoding: OpenAIOutline.answer(Array(body.utf8), isStreamed: isStreamed), as: UTF8.self)
        }
        let told =
            #"{"model":"m","choices":[{"index":0,"role":"assistant","finish_reason":"stop","content_bytes":6,"reasoning_bytes":0,"refusal_bytes":0,"tool_calls":[{"name":"f","arguments_bytes":2}]}]}"#
        #expect(
            outline(
                #"{"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"secret","tool_calls":[{"function":{"name":"f","arguments":"{}"}}]},"finish_reason":"stop"}]}"#,
                isStreamed: false
            ) == told
        )
        #expect(
            outline(
                "data: {\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"sec\",\"tool_calls\":[{\"index\":0,\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}}]}\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"ret\"},\"finish_reason\":\"stop\"}]}\n\n",
                isStreamed: true
            ) == told
        )
        #expect(outline(#"{"error":{"message":"secret"}}"#, isStreamed: false) == #"{"choices":[],"is_error":true}"#)
        #expect(outline("secret", isStreamed: false) == #"{"choices":[],"unreadable":1}"#)
    }

    @Test("no list is told beyond a bound")
    func bounded() throws {
        let messages = Array(repeating: #"{"role":"user"}"#, count: 5_000).joined(separator: ",")
        let outline = Self.request("{\"messages\":[\(messages)]}")
        #expect(outline.utf8.count < 20_000 && outline.hasSuffix(#","more"]}"#))
    }
}

@Suite("Fuzz: outlines of bodies")
struct FuzzOpenAIOutline {
    @Test("whatever the bytes are, outlines are JSON, short, and of no text that is no word")
    func outlines() async throws {
        let canary = "CANARY of a prompt"
        try await Fuzzer(
            "outline",
            seeds: [
                #"{"model":"m","messages":[{"role":"user","content":"CANARY of a prompt"}],"n":1,"stop":"CANARY of a prompt"}"#,
                #"{"tools":[{"function":{"name":"CANARY of a prompt"}}],"stream_options":{"include_usage":true}}"#,
                "data: {\"choices\":[{\"delta\":{\"content\":\"CANARY of a prompt\",\"tool_calls\":[{}]}}]}\n\n",
            ],
            words: [
                canary, "\"", "\\", "{", "}", "[", "]", ":", ",", "data: ", "\n\n", "\"messages\":", "\"n\":", "null",
            ],
            largestBytes: 512
        ) { run in
            for bytes in [
                OpenAIOutline.request(run.input), OpenAIOutline.answer(run.input, isStreamed: false),
                OpenAIOutline.answer(run.input, isStreamed: true),
            ] {
                let text = String(decoding: bytes, as: UTF8.self)
                try run.expect(ReferenceJSON.parse(bytes) != nil, "no JSON: \(text)")
                try run.expect(!text.contains("of a prompt"), text)
                run.note(magnitudeOf: bytes.count)
            }
        }.run()
    }
}
