import Dialects
import Domain
import NIOCore
import Testing

@Suite("usage as an upstream of the OpenAI dialect states it")
struct OpenAIUsageTests {
    /// A usage object and what is made of it; classes that are not named are zero and missing.
    struct Case: Sendable, CustomTestStringConvertible {
        let json: String
        let classes: [TokenClass: Int64]
        let derived: Set<TokenClass>
        let problems: UsageProblems
        let hasInput: Bool
        let hasOutput: Bool

        init(
            _ json: String,
            _ classes: [TokenClass: Int64] = [:],
            derived: Set<TokenClass> = [],
            _ problems: UsageProblems = [],
            hasInput: Bool = true,
            hasOutput: Bool = true
        ) {
            self.json = json
            self.classes = classes
            self.derived = derived
            self.problems = problems
            self.hasInput = hasInput
            self.hasOutput = hasOutput
        }

        var testDescription: String { json.count > 200 ? "\(json.prefix(200))…" : json }
    }

    private func check(_ line: Case) {
        let reading = OpenAIUsage.read(ByteBuffer(string: line.json))
        for tokenClass in TokenClass.allCases {
            let provenance: Provenance =
                line.classes[tokenClass] == nil ? .missing : line.derived.contains(tokenClass) ? .derived : .reported
            #expect(reading.usage[tokenClass] == line.classes[tokenClass] ?? 0, "\(tokenClass)")
            #expect(reading.usage.provenance(of: tokenClass) == provenance, "\(tokenClass)")
        }
        #expect(reading.problems == line.problems)
        #expect(reading.isPlausible == line.problems.isEmpty)
        #expect(reading.hasInput == line.hasInput)
        #expect(reading.hasOutput == line.hasOutput)
    }

    @Test(
        "plain counts, and those that follow from others",
        arguments: [
            Case(#"{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}"#, [.input: 3, .output: 2]),
            Case(#"{"prompt_tokens":3,"completion_tokens":2}"#, [.input: 3, .output: 2]),
            Case(#"{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}"#, [.input: 0, .output: 0]),
            Case(#"{"prompt\u005ftokens":3,"completion_tokens":2}"#, [.input: 3, .output: 2]),
            Case(
                #"{"prompt_tokens":3,"completion_tokens":2,"total_tokens":null,"x":{"prompt_tokens":-1}}"#,
                [.input: 3, .output: 2]
            ),
            // Embeddings.
            Case(#"{"prompt_tokens":7,"total_tokens":7}"#, [.input: 7, .output: 0], derived: [.output]),
            Case(#"{"prompt_tokens":7,"total_tokens":9}"#, [.input: 7, .output: 2], derived: [.output]),
            Case(#"{"completion_tokens":2,"total_tokens":9}"#, [.input: 7, .output: 2], derived: [.input]),
            Case(
                #"{"prompt_tokens":null,"completion_tokens":2,"total_tokens":9}"#,
                [.input: 7, .output: 2],
                derived: [.input]
            ),
            Case(#"{"prompt_tokens":7}"#, [.input: 7], hasOutput: false),
            Case(#"{"completion_tokens":7}"#, [.output: 7], hasInput: false),
            Case(#"{"total_tokens":7}"#, hasInput: false, hasOutput: false),
            Case("{}", hasInput: false, hasOutput: false),
            Case(#"{"input_tokens":7,"output_tokens":2}"#, hasInput: false, hasOutput: false),
            // Three answers: the counts are of all.
            Case(#"{"prompt_tokens":10,"completion_tokens":90,"total_tokens":100}"#, [.input: 10, .output: 90]),
            Case(
                #"{"prompt_tokens":4294967296,"completion_tokens":4294967296,"total_tokens":4294967296}"#,
                [.input: 1 << 32, .output: 1 << 32],
                .totalMismatch
            ),
        ]
    )
    func counts(_ line: Case) { check(line) }

    @Test(
        "counts that are none: safe to sum, not to believe",
        arguments: [
            Case(#"{"prompt_tokens":-1,"completion_tokens":2}"#, [.output: 2], .negative, hasInput: false),
            Case(
                #"{"prompt_tokens":3,"completion_tokens":-9223372036854775809}"#,
                [.input: 3],
                .negative,
                hasOutput: false
            ),
            Case(
                #"{"prompt_tokens":-1e30,"completion_tokens":-0.5}"#,
                [:],
                .negative,
                hasInput: false,
                hasOutput: false
            ),
            // The total may hold what is negative: nothing follows from it, least of all that the output was none.
            Case(
                #"{"prompt_tokens":10,"completion_tokens":-9,"total_tokens":10}"#,
                [.input: 10],
                .negative,
                hasOutput: false
            ),
            Case(
                #"{"prompt_tokens":-5,"completion_tokens":5,"total_tokens":0}"#,
                [.output: 5],
                .negative,
                hasInput: false
            ),
            Case(#"{"prompt_tokens":1e30,"completion_tokens":2}"#, [.input: 1 << 32, .output: 2], .tooLarge),
            Case(#"{"prompt_tokens":3,"completion_tokens":4294967297}"#, [.input: 3, .output: 1 << 32], .tooLarge),
            Case(
                #"{"prompt_tokens":3,"completion_tokens":18446744073709551617}"#,
                [.input: 3, .output: 1 << 32],
                .tooLarge
            ),
            Case(
                #"{"prompt_tokens":3,"completion_tokens":\#(String(repeating: "9", count: 300))}"#,
                [.input: 3, .output: 1 << 32],
                .tooLarge
            ),
            Case(#"{"prompt_tokens":3,"completion_tokens":1e999}"#, [:], .malformed, hasInput: false, hasOutput: false),
            Case(#"{"prompt_tokens":3,"completion_tokens":1.5}"#, [.input: 3], .notAnInteger, hasOutput: false),
            Case(#"{"prompt_tokens":3,"completion_tokens":1e-3}"#, [.input: 3], .notAnInteger, hasOutput: false),
            Case(#"{"prompt_tokens":"3","completion_tokens":2}"#, [.output: 2], .notAnInteger, hasInput: false),
            Case(
                #"{"prompt_tokens":true,"completion_tokens":[2]}"#,
                [:],
                .notAnInteger,
                hasInput: false,
                hasOutput: false
            ),
            Case(
                #"{"prompt_tokens":"3","completion_tokens":2,"total_tokens":5}"#,
                [.input: 3, .output: 2],
                derived: [.input],
                .notAnInteger
            ),
            Case(#"{"prompt_tokens":null,"completion_tokens":null}"#, hasInput: false, hasOutput: false),
            // A bridge to Gemini: 405 tokens were thought that nothing else tells of.
            Case(
                #"{"prompt_tokens":20,"completion_tokens":198,"total_tokens":623}"#,
                [.input: 20, .output: 198, .reasoning: 405],
                derived: [.reasoning],
                .totalMismatch
            ),
            Case(
                #"{"prompt_tokens":3,"completion_tokens":2,"total_tokens":6,"completion_tokens_details":{"audio_tokens":1}}"#,
                [.input: 3, .output: 1, .reasoning: 1, .audioOutput: 1],
                derived: [.output, .reasoning],
                .totalMismatch
            ),
            Case(
                #"{"prompt_tokens":3,"completion_tokens":2,"total_tokens":6,"completion_tokens_details":{"reasoning_tokens":0}}"#,
                [.input: 3, .output: 2, .reasoning: 0],
                .totalMismatch
            ),
            Case(
                #"{"prompt_tokens":3,"completion_tokens":2,"total_tokens":1e30}"#,
                [.input: 3, .output: 2],
                [.tooLarge, .totalMismatch]
            ),
            Case(
                #"{"prompt_tokens":3,"completion_tokens":2,"total_tokens":0}"#,
                [.input: 3, .output: 2],
                .totalMismatch
            ),
            Case(
                #"{"prompt_tokens":3,"completion_tokens":2,"total_tokens":-5}"#,
                [.input: 3, .output: 2],
                .negative
            ),
            Case(#"{"prompt_tokens":3,"total_tokens":2}"#, [.input: 3], .totalMismatch, hasOutput: false),
            Case(#"{"completion_tokens":3,"total_tokens":2}"#, [.output: 3], .totalMismatch, hasInput: false),
        ]
    )
    func implausible(_ line: Case) { check(line) }

    /// A usage of 100 and `completion`, with details of the prompt.
    private static func input(_ details: String) -> String {
        #"{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"prompt_tokens_details":\#(details)}"#
    }

    @Test(
        "parts of the prompt are taken out of it",
        arguments: [
            Case(input("null"), [.input: 100, .output: 20]), Case(input("{}"), [.input: 100, .output: 20]),
            Case(input(#"{"cached_tokens":null}"#), [.input: 100, .output: 20]),
            Case(input(#"{"cached_tokens":0}"#), [.input: 100, .cacheRead: 0, .output: 20]),
            Case(input(#"{"cached_tokens":80}"#), [.input: 20, .cacheRead: 80, .output: 20], derived: [.input]),
            Case(input(#"{"cached_tokens":100}"#), [.input: 0, .cacheRead: 100, .output: 20], derived: [.input]),
            Case(
                input(#"{"cached_tokens":101}"#),
                [.input: 0, .cacheRead: 100, .output: 20],
                derived: [.input, .cacheRead],
                .partsExceedInput
            ),
            Case(input(#"{"cached_tokens":-1}"#), [.input: 100, .output: 20], .negative),
            Case(input(#"{"cached_tokens":"80"}"#), [.input: 100, .output: 20], .notAnInteger),
            Case(
                input(#"{"cached_tokens":1e30}"#),
                [.input: 0, .cacheRead: 100, .output: 20],
                derived: [.input, .cacheRead],
                [.tooLarge, .partsExceedInput]
            ),
            Case(
                input(#"{"cached_tokens":50,"audio_tokens":30,"image_tokens":20,"text_tokens":50}"#),
                [.input: 0, .cacheRead: 50, .audioInput: 30, .imageInput: 20, .output: 20],
                derived: [.input]
            ),
            // Half of the audio was cached: it is counted on both sides, and billed once.
            Case(
                input(#"{"cached_tokens":80,"audio_tokens":40}"#),
                [.input: 0, .cacheRead: 80, .audioInput: 20, .output: 20],
                derived: [.input, .audioInput]
            ),
            Case(
                input(#"{"audio_tokens":101}"#),
                [.input: 0, .audioInput: 100, .output: 20],
                derived: [.input, .audioInput],
                .partsExceedInput
            ),
            // What is written to a cache is stated unadjusted: it may overlap with what was read.
            Case(
                input(#"{"cached_tokens":60,"cache_write_tokens":50}"#),
                [.input: 0, .cacheRead: 60, .cacheWrite5m: 40, .output: 20],
                derived: [.input, .cacheWrite5m]
            ),
            Case(input("[]"), [.input: 100, .output: 20], .malformed),
            Case(input("80"), [.input: 100, .output: 20], .malformed),
            // DeepSeek's name; the standard one wins where both are given.
            Case(
                #"{"prompt_tokens":12,"completion_tokens":3,"prompt_cache_hit_tokens":8,"prompt_cache_miss_tokens":4}"#,
                [.input: 4, .cacheRead: 8, .output: 3],
                derived: [.input]
            ),
            Case(
                #"{"prompt_tokens":12,"completion_tokens":3,"prompt_cache_hit_tokens":8,"prompt_tokens_details":{"cached_tokens":6}}"#,
                [.input: 6, .cacheRead: 6, .output: 3],
                derived: [.input]
            ),
            Case(
                #"{"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":6}}"#,
                [.output: 3],
                .partsExceedInput,
                hasInput: false
            ),
        ]
    )
    func inputParts(_ line: Case) { check(line) }

    private static func output(_ details: String, total: Int = 120) -> String {
        #"{"prompt_tokens":100,"completion_tokens":20,"total_tokens":\#(total),"completion_tokens_details":\#(details)}"#
    }

    @Test(
        "parts of the completion are taken out of it",
        arguments: [
            Case(output("null"), [.input: 100, .output: 20]),
            Case(
                output(#"{"reasoning_tokens":0,"audio_tokens":0}"#),
                [.input: 100, .output: 20, .reasoning: 0, .audioOutput: 0]
            ),
            Case(output(#"{"reasoning_tokens":15}"#), [.input: 100, .output: 5, .reasoning: 15], derived: [.output]),
            Case(output(#"{"reasoning_tokens":20}"#), [.input: 100, .output: 0, .reasoning: 20], derived: [.output]),
            Case(
                output(#"{"reasoning_tokens":21}"#),
                [.input: 100, .output: 0, .reasoning: 20],
                derived: [.output, .reasoning],
                .partsExceedOutput
            ),
            Case(
                output(#"{"reasoning_tokens":5,"audio_tokens":12}"#),
                [.input: 100, .output: 3, .reasoning: 5, .audioOutput: 12],
                derived: [.output]
            ),
            Case(
                output(#"{"reasoning_tokens":15,"audio_tokens":12}"#),
                [.input: 100, .output: 0, .reasoning: 15, .audioOutput: 5],
                derived: [.output, .audioOutput],
                .partsExceedOutput
            ),
            // Rejected predictions are in the completion, and billed as such.
            Case(
                output(#"{"accepted_prediction_tokens":4,"rejected_prediction_tokens":9}"#),
                [.input: 100, .output: 20]
            ),
            Case(output(#"{"reasoning_tokens":-3}"#), [.input: 100, .output: 20], .negative),
            Case(output(#"{"reasoning_tokens":1.5}"#), [.input: 100, .output: 20], .notAnInteger),
            Case(output("\"15\""), [.input: 100, .output: 20], .malformed),
            Case(
                #"{"prompt_tokens":3,"completion_tokens_details":{"reasoning_tokens":1}}"#,
                [.input: 3],
                .partsExceedOutput,
                hasOutput: false
            ),
            // xAI leaves reasoning out of the completion, and its total tells.
            Case(output(#"{"reasoning_tokens":94}"#, total: 214), [.input: 100, .output: 20, .reasoning: 94]),
            Case(output(#"{"reasoning_tokens":7}"#, total: 127), [.input: 100, .output: 20, .reasoning: 7]),
            Case(
                output(#"{"reasoning_tokens":94}"#, total: 215),
                [.input: 100, .output: 0, .reasoning: 20],
                derived: [.output, .reasoning],
                [.partsExceedOutput, .totalMismatch]
            ),
            Case(
                output(#"{"reasoning_tokens":94,"audio_tokens":8}"#, total: 214),
                [.input: 100, .output: 12, .reasoning: 94, .audioOutput: 8],
                derived: [.output]
            ),
            Case(
                output(#"{"reasoning_tokens":94,"audio_tokens":21}"#, total: 214),
                [.input: 100, .output: 0, .reasoning: 94, .audioOutput: 20],
                derived: [.output, .audioOutput],
                .partsExceedOutput
            ),
        ]
    )
    func outputParts(_ line: Case) { check(line) }

    @Test(
        "what is no usage object says nothing",
        arguments: [
            "", "null", "[]", "5", "\"x\"", "{", #"{"prompt_tokens":3,}"#, #"{"prompt_tokens":3,"prompt_tokens":4}"#,
            #"{"prompt_tokens":3,"prompt\u005ftokens":4}"#, #"{"prompt_tokens":03}"#, #"{"prompt_tokens":NaN}"#,
            #"{"prompt_tokens":3,"x":"\#(String(repeating: "x", count: 16 << 10))"}"#,
        ]
    )
    func malformed(json: String) { check(Case(json, [:], .malformed, hasInput: false, hasOutput: false)) }
}
