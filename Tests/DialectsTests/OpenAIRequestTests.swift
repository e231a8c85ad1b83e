import Dialects
import Domain
import NIOCore
import Testing

@Suite("what a request of the OpenAI dialect says")
struct OpenAIRequestTests {
    /// `members` beside a model.
    private func parse(
        _ members: String,
        _ endpoint: Endpoint = .chatCompletions
    ) -> Result<OpenAIRequest, OpenAIRequestError> {
        read(#"{"model":"m","# + members + "}", endpoint)
    }

    private func read(
        _ body: String,
        _ endpoint: Endpoint = .chatCompletions
    ) -> Result<OpenAIRequest, OpenAIRequestError> {
        Result { () throws(OpenAIRequestError) in
            try OpenAIRequest.parse(ByteBuffer(string: body), endpoint: endpoint)
        }
    }

    private func refusal(_ result: Result<OpenAIRequest, OpenAIRequestError>) -> OpenAIRequestError? {
        guard case .failure(let error) = result else { return nil }
        return error
    }

    static let generating: [Endpoint] = [.chatCompletions, .completions]
    static let limits = ["max_tokens", "max_completion_tokens", "n_predict", #"max\u005ftokens"#]
    static let counts = ["n", "best_of", "n_cmpl", #"\u006e"#]

    /// What no limit and no count can be, and the code that says so.
    static let noIntegers = [
        ("-1", "invalid_value"), ("0", "invalid_value"), ("2147483648", "invalid_value"),
        ("9223372036854775808", "invalid_value"), ("18446744073686646784", "invalid_value"),
        ("-9223372036854775809", "invalid_value"), ("1e18", "invalid_value"), ("1e0", "invalid_value"),
        ("1.5", "invalid_value"), ("1.0", "invalid_value"), ("\"5\"", "invalid_type"), ("true", "invalid_type"),
        ("[5]", "invalid_type"), ("{}", "invalid_type"), ("\"\"", "invalid_type"),
    ]

    @Test("a limit that is none is refused by its name", arguments: limits, noIntegers)
    func badLimits(name: String, value: (text: String, code: String)) {
        let plain = name.replacing(#"\u005f"#, with: "_")
        for endpoint in Self.generating {
            let error = refusal(parse("\"\(name)\":\(value.text)", endpoint))
            #expect(error?.param == plain)
            #expect(error?.code == value.code)
            #expect(error?.message == "'\(plain)' must be an integer from 1 to 2147483647.")
        }
    }

    @Test(
        "a count of answers that is none is refused by its name",
        arguments: counts,
        noIntegers + [("129", "invalid_value")]
    )
    func badCounts(name: String, value: (text: String, code: String)) {
        let plain = name.replacing(#"\u006e"#, with: "n")
        for endpoint in Self.generating {
            let error = refusal(parse("\"\(name)\":\(value.text)", endpoint))
            #expect(error?.param == plain)
            #expect(error?.code == value.code)
            #expect(error?.message == "'\(plain)' must be an integer from 1 to 128.")
        }
    }

    @Test(
        "the smallest limit counts, and null is as absent",
        arguments: [
            (#""x":1"#, nil), (#""max_tokens":null"#, nil), (#""max_tokens":1"#, 1),
            (#""max_tokens":2147483647"#, 2_147_483_647), (#""max_completion_tokens":7"#, 7), (#""n_predict":9"#, 9),
            (#""max_tokens":9,"max_completion_tokens":7"#, 7), (#""max_tokens":7,"max_completion_tokens":9"#, 7),
            (#""max_tokens":7,"max_completion_tokens":null"#, 7), (#""n_predict":3,"max_tokens":null"#, 3),
            (#""n_predict":5,"max_tokens":4,"max_completion_tokens":6"#, 4),
            (#""max\u005ftokens":8"#, 8), (#""x":{"max_tokens":0,"Max_Tokens":0}"#, nil),
            (#""max_token":0,"MAX_TOKEN":0"#, nil),
        ] as [(String, Int64?)]
    )
    func outputLimit(members: String, expected: Int64?) throws {
        for endpoint in Self.generating { #expect(try parse(members, endpoint).get().outputLimit == expected) }
        #expect(try parse(members, .embeddings).get().outputLimit == nil)
    }

    static let budgets = [
        ("thinking_budget", #""thinking_budget":#"#), ("thinking_budget_tokens", #""thinking_budget_tokens":#"#),
        ("thinking.budget_tokens", #""thinking":{"type":"enabled","budget_tokens":#}"#),
        ("reasoning.max_tokens", #""reasoning":{"max_tokens":#}"#),
    ]

    @Test("a budget for thinking is strictly a number", arguments: budgets, noIntegers)
    func badBudgets(budget: (name: String, text: String), value: (text: String, code: String)) {
        let member = budget.text.replacing("#", with: value.text)
        for endpoint in Self.generating {
            let error = refusal(parse(member, endpoint))
            if value.text == "0" {
                #expect(error == nil)
                continue
            }
            #expect(error?.param == budget.name)
            #expect(error?.code == value.code)
            #expect(error?.message == "'\(budget.name)' must be an integer from 0 to 2147483647.")
        }
        #expect(refusal(parse(member, .embeddings)) == nil)
    }

    @Test(
        "what may be thought beside the limit: the largest budget, or nobody says",
        arguments: [
            (#""x":1"#, 0, false), (#""reasoning_effort":"high""#, 0, false), (#""thinking_budget":7"#, 7, false),
            (#""thinking_budget_tokens":7"#, 7, false), (#""thinking_budget":null"#, 0, false),
            (#""thinking":{"type":"enabled","budget_tokens":7}"#, 7, false),
            (#""thinking":{"budget_tokens":7}"#, 7, false),
            (#""thinking":{"budget\u005ftokens":7}"#, 7, false),
            (#""reasoning":{"max_tokens":7,"effort":"high"}"#, 7, false), (#""reasoning":{"effort":"high"}"#, 0, false),
            (#""reasoning":null"#, 0, false), (#""reasoning":{"enabled":true}"#, 0, false),
            (#""thinking_budget":7,"reasoning":{"max_tokens":9},"thinking_budget_tokens":8"#, 9, false),
            (#""enable_thinking":true"#, 0, true), (#""enable_thinking":false"#, 0, false),
            (#""enable_thinking":true,"thinking_budget":7"#, 7, false),
            (#""thinking_budget":7,"enable_thinking":true"#, 7, false),
            // A budget under a name that the one who thinks does not know is no budget.
            (#""enable_thinking":true,"thinking_budget_tokens":7"#, 7, true),
            (#""enable_thinking":true,"thinking":{"type":"disabled"}"#, 0, true),
            (#""enable_thinking":true,"thinking_budget":null"#, 0, true),
            (#""thinking":{"type":"enabled"}"#, 0, true), (#""thinking":{"type":"adaptive"}"#, 0, true),
            (#""thinking":{}"#, 0, true), (#""thinking":true"#, 0, true), (#""thinking":"enabled""#, 0, true),
            (#""thinking":{"type":"enabled","budget_tokens":null}"#, 0, true),
            (#""thinking":{"type":"enabled"},"thinking_budget":7"#, 7, true),
            (#""thinking":{"type":"disabled"}"#, 0, false), (#""thinking":false"#, 0, false),
            (#""thinking":{"type":"disabled","budget_tokens":7}"#, 7, false),
        ] as [(String, Int64, Bool)]
    )
    func thinking(members: String, tokens: Int64, isWithoutBudget: Bool) throws {
        for endpoint in Self.generating {
            let request = try parse(members, endpoint).get()
            #expect(request.thinkingTokens == tokens)
            #expect(request.thinksWithoutBudget == isWithoutBudget)
        }
        let request = try parse(members, .embeddings).get()
        #expect(request.thinkingTokens == 0 && !request.thinksWithoutBudget)
    }

    @Test(
        "answers are counted: the largest of n, best_of and n_cmpl, for each prompt",
        arguments: [
            (#""x":1"#, 1, 1), (#""n":null,"best_of":null"#, 1, 1), (#""n":128"#, 128, 128),
            (#""n":2,"best_of":5"#, 5, 5), (#""n":5,"best_of":2,"n_cmpl":3"#, 5, 5), (#""\u006e":4"#, 4, 4),
            (#""prompt":"a","n":3"#, 3, 3), (#""prompt":["a","b"],"n":3"#, 3, 6), (#""prompt":[1,2,3]"#, 1, 1),
            (#""prompt":[[1,2],[3]]"#, 1, 2), (#""prompt":[]"#, 1, 1), (#""n":2,"prompt":["a","b","c"]"#, 2, 6),
            (#""prompt":[",","[\"a\",\"b\"]"]"#, 1, 2), (#""p\u0072ompt":["a","b"]"#, 1, 2),
        ] as [(String, Int64, Int64)]
    )
    func answerCount(members: String, chat: Int64, completions: Int64) throws {
        #expect(try parse(members).get().choices == chat)
        #expect(try parse(members, .completions).get().choices == completions)
        #expect(try parse(members, .embeddings).get().choices == 1)
    }

    @Test(
        "a prompt that comes back is counted for each answer",
        arguments: [
            (#""prompt":"abcdefgh","echo":true"#, 1, 2), (#""prompt":"abcdefgh","n":3,"echo":true"#, 3, 6),
            // Two tokens and one, each three times.
            (#""prompt":["abcdefgh","abcd"],"n":3,"echo":true"#, 6, 9), (#""prompt":[1,2,3],"\u0065cho":1"#, 1, 3),
            (#""prompt":"abcdefgh","echo":false"#, 0, 0), (#""prompt":"abcdefgh","echo":null"#, 0, 0),
            (#""prompt":"abcdefgh""#, 0, 0),
        ] as [(String, Int64, Int64)]
    )
    func echo(members: String, bodies: Int64, tokens: Int64) throws {
        let request = try parse(members, .completions).get()
        #expect(request.largestEchoBytes == bodies * Int64(request.bodyBytes))
        #expect(request.estimatedEchoTokens == tokens)
        #expect(try parse(members, .embeddings).get().largestEchoBytes == 0)
    }

    @Test("prompts and inputs are at most 2048", arguments: [(Endpoint.completions, "prompt"), (.embeddings, "input")])
    func prompts(endpoint: Endpoint, name: String) throws {
        func members(_ count: Int) -> String {
            "\"\(name)\":[\(Array(repeating: "\"a\"", count: count).joined(separator: ","))]"
        }
        #expect(try parse(members(2_048), endpoint).get().promptCount == 2_048)
        #expect(refusal(parse(members(2_049), endpoint))?.param == name)
        #expect(try parse(members(2_049), .chatCompletions).get().promptCount == 1)
    }

    @Test("to embed, limits, counts and streaming mean nothing, whatever they are")
    func embeddings() throws {
        let members =
            #""input":["a","b"],"max_tokens":-1,"max_completion_tokens":"x","n":0,"best_of":1e18,"stream":true"#
        let request = try parse(members, .embeddings).get()
        #expect(!request.isStreamed && request.outputLimit == nil && request.choices == 1 && request.promptCount == 2)
    }

    @Test(
        "a member of a wrong type is refused by its name",
        arguments: [
            (#""stream":"true""#, "stream"), (#""stream":1"#, "stream"), (#""stream":{}"#, "stream"),
            (#""str\u0065am":0"#, "stream"), (#""stream_options":true"#, "stream_options"),
            (#""stream_options":[]"#, "stream_options"), (#""stream_options":"""#, "stream_options"),
            (#""stream_options":{"include_usage":1}"#, "stream_options.include_usage"),
            (#""stream_options":{"include_usage":"true"}"#, "stream_options.include_usage"),
            (#""stream_options":{"include\u005fusage":[]}"#, "stream_options.include_usage"),
        ]
    )
    func wrongTypes(members: String, param: String) {
        for endpoint in Self.generating {
            let error = refusal(parse(members, endpoint))
            #expect(error?.param == param)
            #expect(error?.code == "invalid_type")
        }
    }

    @Test(
        "null is as absent",
        arguments: [
            #""stream":null"#, #""stream":false,"stream_options":null"#, #""stream_options":{"include_usage":null}"#,
        ]
    )
    func nulls(members: String) throws {
        let request = try parse(members).get()
        #expect(!request.isStreamed && !request.asksForUsage)
    }

    @Test(
        "a model that is no name is refused",
        arguments: [
            ("{}", "missing_required_parameter"),
            (#"{"x":{"model":"m"}}"#, "missing_required_parameter"), (#"{"model":null}"#, "invalid_type"),
            (#"{"model":5}"#, "invalid_type"), (#"{"model":["m"]}"#, "invalid_type"),
            (#"{"model":""}"#, "invalid_value"),
            (#"{"model":"a\nb"}"#, "invalid_value"), (#"{"model":"a\u007f"}"#, "invalid_value"),
            (#"{"model":"a\u0085"}"#, "invalid_value"),
            ("{\"model\":\"\(String(repeating: "m", count: 257))\"}", "invalid_value"),
            ("{\"model\":\"\(String(repeating: "\\u006d", count: 257))\"}", "invalid_value"),
            ("{\"model\":\"\(String(repeating: "é", count: 129))\"}", "invalid_value"),
        ]
    )
    func badModels(body: String, code: String) {
        for endpoint in Endpoint.allCases {
            #expect(refusal(read(body, endpoint))?.param == "model")
            #expect(refusal(read(body, endpoint))?.code == code)
        }
    }

    @Test(
        "a model is read as it is meant",
        arguments: [
            (#""a/b:c""#, "a/b:c"), (#""\u006d""#, "m"), (#""a\"b\\""#, "a\"b\\"), (#""é世\ud83d\ude00""#, "é世😀"),
            ("\"\(String(repeating: "m", count: 256))\"", String(repeating: "m", count: 256)),
            ("\"\(String(repeating: "\\u006d", count: 256))\"", String(repeating: "m", count: 256)),
        ]
    )
    func models(value: String, expected: String) throws {
        for name in ["model", #"mo\u0064el"#] {
            #expect(try read("{\"\(name)\":\(value)}").get().model.utf8.elementsEqual(expected.utf8))
        }
    }

    /// Go's `encoding/json` reads these as ours, and the last one counts.
    @Test(
        "a member of ours in other letters is refused as it is written",
        arguments: [
            (#""Max_Tokens":32000"#, "Max_Tokens"), (#""max_tokens":1,"MAX_TOKENS":32000"#, "MAX_TOKENS"),
            (#""N":8"#, "N"), (#""Model":"dear""#, "Model"), (#""max_token\u017f":9"#, "max_tokenſ"),
            ("\"max_to\u{212A}ens\":9", "max_to\u{212A}ens"), ("\"max_token\u{17F}\":9", "max_token\u{17F}"),
            (#""m\u0061X_tokens":9"#, "maX_tokens"), (#""Service_Tier":"flex""#, "Service_Tier"),
            (#""Tools":[]"#, "Tools"), (#""Messages":[]"#, "Messages"), (#""File_IDs":[]"#, "File_IDs"),
            ("\"serv\u{131}ce_tier\":\"flex\"", "serv\u{131}ce_tier"), (#""DataSources":[]"#, "DataSources"),
            ("\"F\u{130}LE_ID\":\"a\"", "F\u{130}LE_ID"),
            (#""tools":[{"type":"function","Type":"web_search"}]"#, "tools.Type"),
            (#""tools":[{"type":"function"},{"FUNCTION":{}}]"#, "tools.FUNCTION"),
            (#""tools":[{"t\u0079Pe":"function"}]"#, "tools.tyPe"),
            (#""stream_options":{"Include_Usage":false}"#, "stream_options.Include_Usage"),
            (#""thinking":{"budget_tokens":1,"Budget_Tokens":9}"#, "thinking.Budget_Tokens"),
            (#""thinking":{"type":"disabled","Type":"enabled"}"#, "thinking.Type"),
            (#""reasoning":{"MAX_TOKENS":9}"#, "reasoning.MAX_TOKENS"),
            (#""stream_options":{"include_usage":true,"include_u\u017fage":false}"#, "stream_options.include_uſage"),
        ]
    )
    func otherCase(members: String, param: String) {
        for endpoint in Endpoint.allCases {
            let error = refusal(parse(members, endpoint))
            #expect(error?.param == param)
            #expect(error?.code == "unknown_parameter")
        }
    }

    @Test(
        "capitals elsewhere are nobody's concern",
        arguments: [
            #""X":1,"Temperature":0,"dataSources":null"#, #""metadata":{"N":1,"Model":"x","Max_Tokens":5}"#,
            #""tools":[{"type":"function","function":{"Type":"x"},"Name":"f"}]"#, #""stream_options":{"Other":1}"#,
            "\"\(String(repeating: "N", count: 200))\":1", "\"\(String(repeating: "\u{212A}", count: 60))\":1",
        ]
    )
    func otherNames(members: String) {
        for endpoint in Endpoint.allCases { #expect(refusal(parse(members, endpoint)) == nil) }
    }

    @Test(
        "what is no acceptable object is refused, and by the name of its member",
        arguments: [
            ("", "invalid_json", nil), ("[]", "invalid_json", nil), ("null", "invalid_json", nil),
            ("\u{FEFF}{}", "invalid_json", nil), (#"{"model":"m"} x"#, "invalid_json", nil),
            (#"{"model":"m","messages":[1,]}"#, "invalid_json", "messages"),
            (#"{"model":"m","messages":["\ud800"]}"#, "invalid_json", "messages"),
            (#"{"model":"m","n":NaN}"#, "invalid_json", "n"),
            (#"{"model":"m","max_tokens":1e999}"#, "invalid_json", "max_tokens"),
            (#"{"model":"m","model":"m"}"#, "duplicate_member", "model"),
            (#"{"model":"m","max_tokens":1,"max\u005ftokens":9}"#, "duplicate_member", "max_tokens"),
            (
                #"{"model":"m","stream_options":{"include_usage":true,"include\u005fusage":false}}"#,
                "duplicate_member", "include_usage"
            ),
        ] as [(String, String, String?)]
    )
    func badBodies(body: String, code: String, param: String?) {
        for endpoint in Endpoint.allCases {
            #expect(refusal(read(body, endpoint))?.code == code)
            #expect(refusal(read(body, endpoint))?.param == param)
        }
    }
}
