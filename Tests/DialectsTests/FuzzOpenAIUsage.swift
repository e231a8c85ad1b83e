import Dialects
import Domain
import Fuzzing
import NIOCore
import Testing

@Suite("Fuzz: OpenAI answers")
struct FuzzOpenAIUsage {
    static let words =
        FuzzJSON.words
        + [
            "\"prompt_tokens\":", "\"completion_tokens\":", "\"total_tokens\":", "\"prompt_cache_hit_tokens\":",
            "\"prompt_tokens_details\":{", "\"completion_tokens_details\":{", "\"cached_tokens\":",
            "\"cache_write_tokens\":",
            "\"audio_tokens\":", "\"image_tokens\":", "\"reasoning_tokens\":", "\"usage\":{", "\"usage\":null,",
            "\"error\":{",
            "\"error\":null,", "\"choices\":[", "\"choices\":[],", "\"content\":\"", "\"finish_reason\":\"stop\"",
            "4294967296",
            "4294967297", "-1", "1.5", "1e30", "usag\\u0065",
        ]

    @Test("classes are disjoint, within bounds, and sum to what was stated; the charge ends at the hold")
    func usage() async throws {
        try await Fuzzer(
            "usage",
            seeds: [
                #"{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"prompt_tokens_details":{"cached_tokens":80,"audio_tokens":5},"completion_tokens_details":{"reasoning_tokens":7,"audio_tokens":1}}"#,
                #"{"prompt_tokens":10,"total_tokens":10}"#, #"{"completion_tokens":5,"total_tokens":30}"#,
                #"{"prompt_tokens":32,"completion_tokens":9,"total_tokens":135,"completion_tokens_details":{"reasoning_tokens":94}}"#,
                #"{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15,"prompt_cache_hit_tokens":8}"#,
                #"{"prompt_tokens":5,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":3,"cache_write_tokens":4,"image_tokens":1}}"#,
            ],
            words: Self.words,
            largestBytes: 512
        ) { run in
            let reading = OpenAIUsage.read(ByteBuffer(bytes: run.input))
            run.note("\(reading.problems.rawValue) \(reading.hasInput) \(reading.hasOutput)")
            var usage = reading.usage
            for tokenClass in TokenClass.allCases {
                run.note("\(usage.provenance(of: tokenClass)) \(usage[tokenClass] == 0)")
                try run.expect(
                    (0...Usage.largestCount).contains(usage[tokenClass]),
                    "\(usage[tokenClass]) \(tokenClass)"
                )
            }
            let packed = usage.packedProvenance
            usage.packedProvenance = packed
            try run.expect(usage == reading.usage, "provenance is not kept")
            try Self.compareWithReference(reading, run)
            try Self.checkBill(reading.usage, &run)
        }.run()
    }

    private static func compareWithReference(_ reading: UsageReading, _ run: FuzzRun) throws {
        guard reading.isPlausible else { return }
        guard let object = ReferenceJSON.parse(run.input)?.value else {
            throw FuzzFailure(property: "plausible, no JSON")
        }
        func count(_ name: String, in object: ReferenceJSON? = object) -> Int64? { object?[name]?.value.integer }
        let reasoning = count("reasoning_tokens", in: object["completion_tokens_details"]?.value) ?? 0
        if let prompt = count("prompt_tokens") {
            try run.expect(reading.usage.inputTokens == prompt, "\(reading.usage.inputTokens) of \(prompt) in classes")
        }
        if let completion = count("completion_tokens") {
            let output = reading.usage.outputTokens
            try run.expect(
                output == completion || output == completion + reasoning,
                "\(output) of \(completion) and \(reasoning) in classes"
            )
        }
        if let total = count("total_tokens"), reading.hasInput, reading.hasOutput {
            let sum = reading.usage.inputTokens + reading.usage.outputTokens
            try run.expect(sum == total, "\(sum) of \(total) in classes")
        }
    }

    static func checkBill(_ usage: Usage, _ run: inout FuzzRun) throws {
        var rates = Rates()
        for tokenClass in TokenClass.allCases { rates[tokenClass] = run.random.integer() }
        let multiplier = try Multiplier(basisPoints: Int64(run.random.below(10_000_001)))
        let hold = Money(picoDollars: run.random.integer())
        let bill = Bill(usage: usage, rates: rates, costRates: rates, multiplier: multiplier, hold: hold)
        try run.expect(bill.charge >= .zero && bill.charge <= max(.zero, hold), "charge \(bill.charge) of \(hold)")
        try run.expect(bill.cost >= .zero && bill.cost <= Bill.largest && bill.excess >= .zero, "\(bill)")
    }

    @Test("a reply's usage is its member of that name, as it stands in the body")
    func replies() async throws {
        try await Fuzzer(
            "reply",
            seeds: try Recording.replies.map { try $0.body() }
                + [
                    #"{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}"#,
                    #"{"error":{"message":"no","type":"server_error","param":null,"code":"x"}}"#,
                    #"{"error":null,"usage":null}"#,
                    #"{"usage":{"prompt_tokens":1,"completion_tokens":1},"usage":null}"#,
                    "<html><body>502 Bad Gateway</body></html>", #"{"usage":[1],"choices":[{"text":"abc"}]}"#,
                ].map { Array($0.utf8) },
            words: Self.words,
            largestBytes: 1_024
        ) { run in
            let body = ByteBuffer(bytes: run.input)
            let reply = OpenAIReply(reading: body)
            run.note("\(reply.isError)")
            run.note(magnitudeOf: reply.contentBytes)
            try run.expect(
                reply.contentBytes >= 0 && reply.contentBytes <= run.input.count,
                "\(reply.contentBytes) bytes"
            )
            switch reply.usage {
            case .reported(let reading, let raw):
                run.note("reported \(reading.problems.rawValue)")
                try run.expect(OpenAIUsage.read(raw) == reading, "another reading of \(raw.text)")
                try Self.checkBill(reading.usage, &run)
            case .missing: run.note("missing")
            case .unreadable: run.note("unreadable")
            }
            guard let (value, excesses) = ReferenceJSON.parse(run.input), case .object = value else { return }
            try run.expect(reply.usage != .unreadable, "an object is unreadable")
            // Names with escapes are no names that servers send.
            guard !run.input.contains(UInt8(ascii: "\\")) else { return }
            let error = value["error"]?.value
            let isOnce = !excesses.contains(.duplicateName)
            try run.expect(!isOnce || reply.isError == (error != nil && error != .null), "error \(reply.isError)")
            guard let usage = value.lastUsage else { return }
            guard case .reported(_, let raw) = reply.usage else { throw FuzzFailure(property: "usage is not seen") }
            try run.expect(raw.bytes[...] == run.input[usage], "raw usage \(raw.text)")
        }.run()
    }

    @Test("any error becomes JSON and one event that say the same")
    func errors() async throws {
        try await Fuzzer(
            "errors",
            seeds: [
                "plain", "with \"quotes\" and \\", "line\nend\r\n\r\n", "\u{2028}\u{1F600}\u{7F}\u{0}",
                "data: [DONE]\n\n",
            ],
            largestBytes: 256
        ) { run in
            let text = run.text
            let error = OpenAIError(
                message: text,
                type: "server_error",
                param: run.random.oneIn(2) ? text : nil,
                code: nil
            )
            let object = ReferenceJSON.parse(error.body().bytes)?.value["error"]?.value
            try run.expect(object?["message"]?.value.string?.utf8.elementsEqual(text.utf8) == true, "body")
            run.note(Set(text.unicodeScalars.map(\.value)).intersection(0..<0x30).count)
            let tapped = try Tapped([error.event().bytes[...]], stripsUsage: true)
            try run.expect(tapped.errorSeen && tapped.firstEventIsError && !tapped.terminalSeen, "the event")
            try run.expect(tapped.bytes == error.event().bytes, "the event is forwarded otherwise")
        }.run()
    }
}

extension ReferenceJSON {
    /// Where the last `usage` that is not null stands: what is said last counts.
    var lastUsage: Range<Int>? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == "usage".unicodeScalars.map(\.value) && $0.value != .null }?.range
    }
}
