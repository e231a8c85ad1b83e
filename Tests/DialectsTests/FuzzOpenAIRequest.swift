import Dialects
import Domain
import Fuzzing
import NIOCore
import Testing

@Suite("Fuzz: OpenAI requests")
struct FuzzOpenAIRequest {
    private static let words =
        FuzzJSON.words
        + [
            "\"model\":\"m\",", "\"max_tokens\":", "\"max_completion_tokens\":", "\"n_predict\":", "\"n\":",
            "\"best_of\":",
            "\"max_tokens\":7,", "\"max_completion_tokens\":null,", "\"n_predict\":3,", "\"n\":2,", "\"best_of\":3,",
            "\"stream_options\":{},", "\"prompt\":[\"a\",\"b\"],", "\"input\":\"x\",", "\"seed\":1,", "{},", "[],",
            "1,",
            "\"n_cmpl\":", "\"stream\":true,", "\"stream_options\":{\"include_usage\":true},",
            "\"stream_options\":null,",
            "\"include_usage\":", "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],", "\"prompt\":[",
            "\"input\":",
            "\"tools\":[{\"type\":\"function\"}],", "\"type\":\"web_search\"", "\"service_tier\":\"flex\",",
            "\"speed\":",
            "\"modalities\":[\"text\",\"audio\"],", "\"response_format\":{\"type\":\"json_schema\"},", "\"thinking\":",
            "\"reasoning_effort\":", "\"image_url\":{\"url\":\"data:image/png;base64,\"}", "\"models\":[]",
            "\"thinking_budget\":", "\"enable_thinking\":true,", "\"budget_tokens\":", "\"reasoning\":{\"max_tokens\":",
            "m\\u006fdel",
            "max\\u005ftokens", "2147483647", "2147483648", "128", "129", "[1,2,3]", "[[1],[2]]", "\"\",",
        ]

    private static let limitNames = ["max_tokens", "max_completion_tokens", "n_predict"]

    private static let seeds = [
        #"{"model":"gpt-4o","messages":[{"role":"user","content":"Hello 世界"}],"max_tokens":16,"stream":true}"#,
        #"{"model":"m","stream":true,"stream_options":{"include_usage":false,"x":1},"max_completion_tokens":null,"n":3}"#,
        #"{"stream_options":{},"stream":true,"m\u006fdel":"a\"b","n_predict":5,"max_tokens":9,"best_of":4}"#,
        #"{"model":"e","input":["one","two"],"dimensions":64}"#,
        #"{"model":"c","prompt":["a","b",[1,2,3]],"n":2,"max_tokens":100}"#,
        #"{"model":"m","tools":[{"type":"function","function":{"name":"f"}},{"type":"web_search"}],"modalities":["text"]}"#,
        #"{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://x/y"}}]}]}"#,
        #" { "model" : "m" , "service_tier" : "auto" , "response_format":{"type":"json_schema"}, "audio":null } "#,
        #"{"model":"m","thinking":{"type":"enabled","budget_tokens":9},"enable_thinking":true,"thinking_budget":5}"#,
        #"{"model":"m","prompt":[],"thinking":false,"reasoning_effort":"low","speed":"fast"}"#,
    ]

    @Test(
        "an accepted request is what its JSON says; the body sent on is JSON and differs only where it must",
        arguments: Endpoint.allCases
    )
    func requests(endpoint: Endpoint) async throws {
        try await Fuzzer("request-\(endpoint)", seeds: Self.seeds, words: Self.words, largestBytes: 1_024) { run in
            let body = ByteBuffer(bytes: run.input)
            let request: OpenAIRequest
            do throws(OpenAIRequestError) {
                request = try OpenAIRequest.parse(body, endpoint: endpoint)
            } catch {
                // Offsets and members' names come from the input; without them few kinds are left.
                run.note(error.code ?? "")
                run.note(magnitudeOf: error.message.utf8.count)
                run.note(error.param.map { OpenAIRequest.costBearingNames.contains($0) ? $0 : "other" } ?? "none")
                try Self.check(error, run)
                return
            }
            Self.note(request, &run)
            try run.expect(request.bodyBytes == run.input.count, "\(request.bodyBytes) bytes")
            try run.expect((1...(128 * 2_048)).contains(request.choices), "\(request.choices) choices")
            try run.expect(
                (1...Int64(Int32.max)).contains(request.outputLimit ?? 1),
                "limit \(request.outputLimit ?? 0)"
            )
            try run.expect(
                request.estimatedInputTokens >= 0 && request.estimatedInputTokens <= 20 * run.input.count,
                "\(request.estimatedInputTokens) tokens guessed"
            )
            try Self.compareWithReference(request, run)
            try Self.checkUpstreamBodies(request, &run)
            try Self.checkQuote(request, &run)
        }.run()
    }

    private static func note(_ request: OpenAIRequest, _ run: inout FuzzRun) {
        run.note("\(request.isStreamed) \(request.asksForUsage) \(request.hasExternalInput) \(request.forbidsClamp)")
        run.note(request.costBearing.joined())
        run.note(magnitudeOf: request.choices)
        run.note(magnitudeOf: request.outputLimit ?? -1)
        run.note(magnitudeOf: request.estimatedInputTokens / 16)
    }

    private static func check(_ error: OpenAIRequestError, _ run: FuzzRun) throws {
        let answer = OpenAIError(error).body()
        try run.expect(answer.readableBytes <= 1_024, "an error of \(answer.readableBytes) bytes")
        let message = ReferenceJSON.parse(answer.bytes)?.value["error"]?.value["message"]?.value.string
        try run.expect(
            message?.utf8.elementsEqual(error.message.utf8) == true,
            "an error that is not itself: \(answer.text)"
        )
    }

    private static func compareWithReference(_ request: OpenAIRequest, _ run: FuzzRun) throws {
        let object = ReferenceJSON.parse(run.input)?.value
        let model = object?["model"]?.value.string
        try run.expect(model?.utf8.elementsEqual(request.model.utf8) == true, "model \(request.model)")
        guard request.endpoint != .embeddings else {
            try run.expect(!request.isStreamed && request.outputLimit == nil && request.choices == 1, "embeddings")
            return
        }
        try run.expect(request.isStreamed == (object?["stream"]?.value.bool ?? false), "streamed \(request.isStreamed)")
        let limits = limitNames.compactMap { object?[$0]?.value.integer }
        try run.expect(request.outputLimit == limits.min(), "limit \(request.outputLimit ?? 0) of \(limits)")
        let answers = ["n", "best_of", "n_cmpl"].compactMap { object?[$0]?.value.integer }.max() ?? 1
        try run.expect(request.choices % answers == 0 && request.choices >= answers, "\(request.choices) of \(answers)")
    }

    private static func checkUpstreamBodies(_ request: OpenAIRequest, _ run: inout FuzzRun) throws {
        let same = request.upstreamBody(
            model: request.model,
            outputLimit: nil,
            forceUsage: false,
            limitName: .maxTokens
        )
        for _ in 0..<2 {
            let model = run.random.pick([request.model, "upstream/model", "é \" \\ \u{1F600}"])
            let limit = run.random.pick([nil, 1, 77, Int64(Int32.max)])
            let forceUsage = run.random.oneIn(2)
            let limitName = run.random.pick(OutputLimitName.allCases)
            let body = request.upstreamBody(
                model: model,
                outputLimit: limit,
                forceUsage: forceUsage,
                limitName: limitName
            )
            let again: OpenAIRequest
            do throws(OpenAIRequestError) {
                again = try OpenAIRequest.parse(body, endpoint: request.endpoint)
            } catch {
                throw FuzzFailure(property: "\(error.message) of what is sent on: \(body.text)")
            }
            let expectedLimit = request.endpoint == .embeddings ? nil : limit ?? request.outputLimit
            try run.expect(
                again.model.utf8.elementsEqual(model.utf8) && again.outputLimit == expectedLimit
                    && again.isStreamed == request.isStreamed && again.choices == request.choices
                    && again.costBearing == request.costBearing && again.hasExternalInput == request.hasExternalInput
                    && again.forbidsClamp == request.forbidsClamp
                    && again.thinkingTokens == request.thinkingTokens
                    && again.thinksWithoutBudget == request.thinksWithoutBudget
                    && again.estimatedInputTokens == request.estimatedInputTokens
                    && again.asksForUsage == (request.asksForUsage || (forceUsage && request.isStreamed)),
                "another request is sent on: \(body.text)"
            )
            try compareMembers(run.input, body.bytes, run)
            try checkLimits(body.bytes, expectedLimit, run)
            try run.expect(expectedLimit == nil || again.isBounded(by: limitName), "no limit that is obeyed")
        }
        let value = ReferenceJSON.parse(run.input)?.value
        let limitCount = limitNames.count { value?[$0] != nil }
        let isObeyed = request.outputLimit == nil || request.isBounded(by: .maxTokens)
        try run.expect(same.bytes == run.input || limitCount > 1 || !isObeyed, "changed without need")
        try compareMembers(run.input, same.bytes, run)
        try checkLimits(same.bytes, request.outputLimit, run)
    }

    /// Whichever of the limits a server obeys, it is the one that was held for.
    private static func checkLimits(_ body: [UInt8], _ limit: Int64?, _ run: FuzzRun) throws {
        guard let limit, let value = ReferenceJSON.parse(body)?.value else { return }
        let limits = limitNames.compactMap { value[$0]?.value }
        let areNamed = limits.contains { $0 != .null }
        try run.expect(
            areNamed && limits.allSatisfy { $0 == .null || $0.integer == limit },
            "limits \(limits), not \(limit)"
        )
    }

    /// Every member is there in its order, those that are not ours byte for byte.
    private static func compareMembers(_ before: [UInt8], _ after: [UInt8], _ run: FuzzRun) throws {
        guard case .object(let old)? = ReferenceJSON.parse(before)?.value,
            case .object(let new)? = ReferenceJSON.parse(after)?.value
        else { throw FuzzFailure(property: "what is sent on is no object: \(String(decoding: after, as: UTF8.self))") }
        let ours = Set(
            ["model", "max_tokens", "max_completion_tokens", "n_predict", "stream_options"].map {
                $0.unicodeScalars.map(\.value)
            }
        )
        let names = Set(old.map(\.name))
        try run.expect(new.allSatisfy { names.contains($0.name) || ours.contains($0.name) }, "a member was added")
        let kept = new.filter { names.contains($0.name) }
        try run.expect(kept.map(\.name) == old.map(\.name), "members are lost or out of order")
        for (left, right) in zip(old, kept) where !ours.contains(left.name) {
            try run.expect(before[left.range] == after[right.range], "a member changed")
        }
    }

    private static func checkQuote(_ request: OpenAIRequest, _ run: inout FuzzRun) throws {
        var rates = Rates()
        for tokenClass in TokenClass.allCases { rates[tokenClass] = run.random.count() >> 20 }
        let limit = request.outputLimit ?? 4_096
        let multiplier = try Multiplier(basisPoints: Int64(run.random.below(30_000)))
        guard
            let quote = try? Quote.worstCase(
                rates: rates,
                multiplier: multiplier,
                inputTokens: Int64(request.bodyBytes),
                choices: request.choices,
                outputLimit: limit,
                lowestOutputLimit: limit
            ), let bound = try? quote.bound(outputLimit: limit)
        else { return }
        var usage = Usage()
        usage.set(run.random.pick([.input, .cacheRead, .audioInput]), to: Int64(request.bodyBytes), .reported)
        usage.set(run.random.pick([.output, .reasoning, .audioOutput]), to: request.choices * limit, .reported)
        let bill = Bill(usage: usage, rates: rates, costRates: rates, multiplier: multiplier, hold: bound)
        try run.expect(bound >= .zero && bill.excess == .zero, "bound \(bound), excess \(bill.excess)")
    }
}
