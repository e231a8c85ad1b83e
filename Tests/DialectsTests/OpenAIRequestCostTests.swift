import Dialects
import Domain
import NIOCore
import Testing

@Suite("what costs beyond tokens in a request of the OpenAI dialect")
struct OpenAIRequestCostTests {
    private func parse(_ members: String, _ endpoint: Endpoint = .chatCompletions) throws -> OpenAIRequest {
        try OpenAIRequest.parse(ByteBuffer(string: #"{"model":"m","# + members + "}"), endpoint: endpoint)
    }

    private static let ttl = "cache_control.ttl"

    @Test(
        "members that need a price of their own are named",
        arguments: [
            (#""audio":{"voice":"alloy","format":"mp3"}"#, "audio"), (#""modalities":["text","audio"]"#, "modalities"),
            (#""modalities":["image"]"#, "modalities"), (#""modalities":"audio""#, "modalities"),
            (#""modalities":[null]"#, "modalities"), (#""web_search_options":{}"#, "web_search_options"),
            (#""service_tier":"flex""#, "service_tier"), (#""service_tier":"priority""#, "service_tier"),
            (#""service_tier":5"#, "service_tier"), (#""service\u005ftier":"flex""#, "service_tier"),
            (#""speed":"fast""#, "speed"), (#""prediction":{"type":"content","content":"x"}"#, "prediction"),
            (#""models":["a","b"]"#, "models"), (#""plugins":[]"#, "plugins"),
            (#""enable_search":true"#, "enable_search"),
            (#""search_parameters":{"mode":"auto"}"#, "search_parameters"),
            (#""provider":{"order":["dear"]}"#, "provider"), (#""preset":"dear""#, "preset"),
            (#""route":"fallback""#, "route"), (#""deferred":true"#, "deferred"),
            (#""extra_body":{"service_tier":"priority"}"#, "extra_body"),
            (#""cache_control":{"type":"ephemeral"}"#, "cache_control"),
            (#""cache_control":{"type":"ephemeral","ttl":"1h"}"#, "cache_control"),
            (#""messages":[{"content":[{"text":"x","cache_control":{"type":"ephemeral","ttl":"1h"}}]}]"#, ttl),
            (#""messages":[{"content":"x","cache_control" : { "ttl" : 3600 } }]"#, ttl),
            (#""prompt":[{"cache\u005fcontrol":{"t\u0074l":"1h"}}]"#, ttl),
            (#""messages":[{"Cache_Control":{"TTL":"1h"}}]"#, ttl),
            (#""messages":[{"cache_control":{"ttl":"5m"}},{"cache_control":{"ttl":"1h"}}]"#, ttl),
            (#""tools":[{"type":"function","function":{"name":"f"},"cache_control":{"ttl":"1h"}}]"#, ttl),
            (#""tools":[{"type":"function","cache_c\u006fntrol":{"ttl":"1h"}}]"#, ttl),
            (#""functions":[{"name":"f","cache_control":{"ttl":"1h"}}]"#, ttl),
            (#""tools":[{"type":"web_search"}]"#, "tools"), (#""tools":[{"type":"function"},{"type":"mcp"}]"#, "tools"),
            (#""tools":[{"type":"web_search","function":{"name":"f"}}]"#, "tools"),
            (#""tools":[{"function":{"name":"f"},"type":"web_search"}]"#, "tools"),
            (#""tools":[{"x":{"type":"function"}}]"#, "tools"), (#""tools":[{}]"#, "tools"),
            (#""tools":["function"]"#, "tools"),
            (#""tools":[null]"#, "tools"), (#""tools":{"type":"function"}"#, "tools"),
            (#""web_search_options":{},"audio":{},"models":[]"#, "audio models web_search_options"),
        ]
    )
    func costBearing(members: String, names: String) throws {
        for endpoint in Endpoint.allCases {
            let named = try parse(members, endpoint).costBearing
            #expect(named.joined(separator: " ") == names)
            #expect(Set(named).isSubset(of: OpenAIRequest.costBearingNames))
        }
    }

    @Test("null and false are as absent", arguments: OpenAIRequest.costBearingNames, ["null", "false"])
    func absent(name: String, value: String) throws { #expect(try parse("\"\(name)\":\(value)").costBearing == []) }

    @Test(
        "what costs no more than its tokens is not named",
        arguments: [
            #""service_tier":"auto""#, #""service_tier":"default""#, #""service_tier":"d\u0065fault""#,
            #""speed":"standard""#, #""modalities":["text"]"#, #""modalities":[]"#, #""tools":[]"#,
            #""tools":[{"type":"function","function":{"name":"f","parameters":{"type":"web_search"}}}]"#,
            #""tools":[{"type":"custom"}]"#, #""tools":[{"function":{"name":"f"}}]"#, #""tool_choice":"auto""#,
            #""metadata":{"audio":{},"service_tier":"flex"}"#, #""audio_":{}"#,
            #""metadata":{"cache_control":{"ttl":"1h"}}"#,
            #""messages":[{"content":[{"text":"x","cache_control":{"type":"ephemeral"}}]}]"#,
            #""messages":[{"cache_control":{"ttl":"5m"}},{"cache_control":{"ttl":null}},{"cache_control":null}]"#,
            #""messages":[{"ttl":"1h","content":"\"cache_control\":{\"ttl\":\"1h\"}"}]"#,
            #""messages":[{"cache_control":{"x":{"ttl":"1h"}}}]"#,
            // A parameter of a function may be called anything.
            #""tools":[{"type":"function","function":{"parameters":{"properties":{"ttl":{"type":"string"}}}}}]"#,
            #""tools":[{"type":"function","function":{"description":"cache_control: {ttl}"}}]"#,
            #""messages":[{"role":"user","content":"\"audio\":{},\"service_tier\":\"flex\""}]"#,
        ]
    )
    func plain(members: String) throws { #expect(try parse(members).costBearing == []) }

    @Test(
        "input whose tokens the body's bytes do not bound is seen",
        arguments: [
            #"{"type":"image_url","image_url":{"url":"https://example.org/a.png"}}"#,
            #"{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}"#,
            #"{"type":"file","file":{"file_id":"file-1"}}"#, #"{"type":"file","file":{"file_data":"AAAA"}}"#,
            #"{"type":"video_url","video_url":{"url":"https://example.org/a.mp4"}}"#,
            #"{"image":"https://example.org/a"}"#,
            #"{"type":"audio_url","audio_url":{"url":"https://example.org/a.mp3"}}"#,
            #"{"type":"video","video":["a"]}"#,
            #"{"type":"input_image","file_id":"file-1"}"#, #"{"type":"image","source":{"type":"url","url":"x"}}"#,
            #"{"type":"input_audio","input_audio":{"data":"https://example.org/a.wav","format":"wav"}}"#,
            #"{"type":"document_url","document_url":"https://example.org/a.pdf"}"#,
            // An answer in audio that the upstream remembers.
            #"{"audio":{"id":"audio_1"}}"#,
            #"{"type":"image_url","image\u005furl":{"url":"x"}}"#, #"{"file_id" : "x"}"#,
            // As a reader takes them that does not mind the case.
            #"{"Image_URL":{"url":"x"}}"#, #"{"FILE":{}}"#, "{\"f\u{130}le\":{}}", "{\"\u{17F}ource\":{}}",
            #"{"Multimodal_Data":"x"}"#,
        ]
    )
    func external(part: String) throws {
        #expect(try parse(#""messages":[{"role":"user","content":["# + part + "]}]").hasExternalInput)
        #expect(try parse(#""prompt":["# + part + "]", .completions).hasExternalInput)
        #expect(try parse(#""input":["# + part + "]", .embeddings).hasExternalInput)
    }

    @Test(
        "a member that stands for input kept elsewhere is seen, null and false are as absent",
        arguments: [
            (#""previous_response_id":"resp_1""#, true), (#""previous\u005fresponse_id":"resp_1""#, true),
            (#""conversation":"conv_1""#, true), (#""conversation":{"id":"conv_1"}"#, true),
            (#""conversation_id":"c""#, true), (#""thread_id":"t""#, true), (#""file_id":"file-1""#, true),
            (#""file_ids":["file-1"]"#, true), (#""vector_store_ids":["vs_1"]"#, true),
            (#""data_sources":[{"type":"azure_search"}]"#, true), (#""dataSources":[{}]"#, true),
            (#""chat_template":"{% for i in range(99999) %}x{% endfor %}""#, true), (#""chat_template":null"#, false),
            (#""image_url":"https://example.org/a.png""#, true), (#""images":["a"]"#, true),
            (#""prompt":{"id":"pmpt_1"}"#, true), (#""prompt":{"prompt_string":"a"}"#, true),
            (#""previous_response_id":null"#, false), (#""file_ids":false"#, false), (#""prompt":null"#, false),
            (#""prompt":"file_id""#, false), (#""metadata":{"previous_response_id":"resp_1"}"#, false),
            (#""user":"previous_response_id""#, false), (#""file_idx":1"#, false),
        ]
    )
    func keptElsewhere(members: String, isExternal: Bool) throws {
        for endpoint in Endpoint.allCases { #expect(try parse(members, endpoint).hasExternalInput == isExternal) }
    }

    @Test(
        "text about images and files is text",
        arguments: [
            #""image_url""#, #""\"image_url\":{\"url\":\"https://example.org\"}""#,
            #"{"type":"text","text":"file_id"}"#,
            #"{"type":"image_url"}"#, #"{"text":"\\","role":"file"}"#, #"{"Text":"x","imageUrl":"IMAGE_URL"}"#,
        ]
    )
    func text(part: String) throws {
        #expect(try !parse(#""messages":[{"role":"user","content":["# + part + "]}]").hasExternalInput)
    }

    @Test(
        "where thinking or a schema is asked for, no limit may be lowered",
        arguments: [
            (#""reasoning_effort":"low""#, true), (#""thinking":{"type":"enabled"}"#, true), (#""reasoning":{}"#, true),
            (#""enable_thinking":true"#, true), (#""enable_thinking":false"#, false), (#""thinking":null"#, false),
            (#""thinking_budget":1"#, true), (#""thinking_budget_tokens":1"#, true), (#""grammar":"x""#, true),
            (#""json_schema":{}"#, true), (#""guided_json":{}"#, true),
            (#""response_format":{"type":"json_schema","json_schema":{}}"#, true),
            (#""response_format":{"typ\u0065":"json\u005fschema"}"#, true),
            (#""response_format":{"type":"text"}"#, false),
            (#""response_format":null"#, false), (#""x":{"thinking":true}"#, false),
        ]
    )
    func clamp(members: String, forbidden: Bool) throws { #expect(try parse(members).forbidsClamp == forbidden) }

    @Test(
        "the prompt is guessed at four bytes a token, one for a wide character, one for a token given",
        arguments: [
            (#""prompt":"abcdefgh""#, 2), (#""prompt":"abcdefghi""#, 3), (#""prompt":"世界""#, 2),
            (#""prompt":[1,22,333]"#, 3), (#""prompt":[[1,2],[3]]"#, 3), (#""prompt":"""#, 0), (#""max_tokens":5"#, 0),
            // Full-width forms and private use are three bytes and no more; an emoji is a wide character and a byte.
            ("\"prompt\":\"\(String(repeating: "\u{FF01}\u{E000}", count: 4))\"", 6), ("\"prompt\":\"한😀\"", 3),
            // An image is a thousand, however long; what only begins like one is text.
            ("\"prompt\":\"data:\(String(repeating: "A", count: 40_000))\"", 1_000), (#""prompt":"data:AAAA""#, 3),
        ] as [(String, Int64)]
    )
    func estimates(members: String, tokens: Int64) throws {
        #expect(try parse(members, .completions).estimatedInputTokens == tokens)
    }
}
