import Dialects
import Domain
import Foundation
import Fuzzing
import NIOCore
import Testing

/// Writes random JSON in all the ways it may be written.
private struct JSONWriter {
    var random: FuzzRandom
    var text = ""

    mutating func space() { if random.oneIn(4) { text += random.pick([" ", "\n", "\t", "\r\n", "  "]) } }

    mutating func value(depth: Int) {
        switch random.below(depth > 3 ? 6 : 9) {
        case 0: text += random.pick(["null", "true", "false"])
        case 1: text += "\(random.integer())"
        case 2: text += random.pick(["0", "-0", "1.5", "-2.25e-3", "1E5", "6.02e+23", "1e307", "0.1"])
        case 3...5: string()
        case 6: container("[", "]") { $0.value(depth: depth + 1) }
        default:
            var index = 0
            container("{", "}") {
                $0.name(index)
                index += 1
                $0.value(depth: depth + 1)
            }
        }
    }

    mutating func container(_ open: String, _ close: String, _ element: (inout JSONWriter) -> Void) {
        text += open
        for index in 0..<random.below(5) {
            space()
            if index > 0 { text += "," }
            space()
            element(&self)
        }
        space()
        text += close
    }

    /// `x0`, `x1`, …, the letter escaped now and then, and a colon.
    mutating func name(_ index: Int) {
        text += random.oneIn(5) ? "\"\\u0078\(index)\"" : "\"x\(index)\""
        colon()
    }

    mutating func colon() {
        space()
        text += ":"
        space()
    }

    mutating func string() {
        text += "\""
        for _ in 0..<random.below(12) {
            text += random.pick([
                "a", "bc", "max_tokens", "é", "世界", "😀", "{", "]", ",", ":", #"\""#, #"\\"#, #"\/"#, #"\n"#, #"\u00e9"#,
                #"\ud83d\uDE00"#, #"\u2028"#, "\u{2029}", "\u{7F}",
            ])
        }
        text += "\""
    }
}

@Suite("JSON as Foundation reads it")
struct JSONCorpusTests {
    /// The same bytes for what are the same values.
    private func canonical(_ value: Any) throws -> Data {
        try JSONSerialization.data(withJSONObject: value, options: [.sortedKeys, .fragmentsAllowed])
    }

    private func foundation(_ bytes: some Sequence<UInt8>) throws -> Any {
        try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
    }

    @Test("what is written well is accepted, and its members are Foundation's", arguments: 1...8 as ClosedRange<UInt64>)
    func written(seed: UInt64) throws {
        for round in 0..<150 as Range<UInt64> {
            var writer = JSONWriter(random: FuzzRandom(seed: seed << 32 | round))
            var count = 0
            writer.container("{", "}") {
                $0.name(count)
                count += 1
                $0.value(depth: 1)
            }
            let bytes = Array(writer.text.utf8)
            let object = try #require(try foundation(bytes) as? [String: Any], "\(writer.text)")
            try bytes.withUnsafeBytes { bytes in
                let members = try JSONScanner.members(of: bytes)
                #expect(members.count == count && object.count == count)
                for member in members {
                    let expected = try #require(object[member.nameText(in: bytes)], "\(writer.text)")
                    let value = try foundation(bytes[member.value])
                    #expect(try canonical(value) == canonical(expected), "\(writer.text)")
                    if let text = member.text(in: bytes) { #expect(text == expected as? String, "\(writer.text)") }
                    if let number = member.integer(in: bytes) {
                        #expect(number == (expected as? NSNumber)?.int64Value, "\(writer.text)")
                    }
                }
            }
        }
    }

    @Test("what is accepted after bytes were changed, Foundation accepts", arguments: 1...8 as ClosedRange<UInt64>)
    func changed(seed: UInt64) throws {
        var acceptedCount = 0
        var refusedCount = 0
        for round in 0..<400 as Range<UInt64> {
            var writer = JSONWriter(random: FuzzRandom(seed: seed << 32 | round))
            writer.container("[", "]") { $0.value(depth: 1) }
            var bytes = Array(writer.text.utf8)
            for _ in 0...writer.random.below(3) {
                let index = writer.random.below(bytes.count)
                let byte =
                    writer.random.oneIn(3)
                    ? UInt8(writer.random.below(256)) : bytes.randomElement(using: &writer.random) ?? 0
                switch writer.random.below(3) {
                case 0: bytes[index] = byte
                case 1: bytes.insert(byte, at: index)
                default: if bytes.count > 1 { bytes.remove(at: index) }
                }
            }
            var children: [JSONMember] = []
            let isAccepted = bytes.withUnsafeBytes {
                (try? JSONScanner.scan($0, 0..<$0.count, children: &children)) != nil
            }
            if isAccepted {
                acceptedCount += 1
                #expect(throws: Never.self, "\(String(decoding: bytes, as: UTF8.self))") { try foundation(bytes) }
            } else {
                refusedCount += 1
            }
        }
        #expect(acceptedCount > 40 && refusedCount > 40, "\(acceptedCount) accepted, \(refusedCount) refused")
    }

    private static let limitNames = ["max_tokens", "max_completion_tokens", "n_predict"]

    /// A request of random members in random order.
    private static func request(_ writer: inout JSONWriter) {
        var members: [(inout JSONWriter) -> Void] = [
            {
                $0.text += $0.random.oneIn(5) ? #""mod\u0065l""# : "\"model\""
                $0.colon()
                $0.text += $0.random.pick(["\"m\"", #""a\"b\u00e9""#])
            }
        ]
        for name in limitNames where writer.random.oneIn(3) {
            members.append {
                $0.text += $0.random.oneIn(5) ? "\"\(name.replacing("_", with: #"\u005f"#))\"" : "\"\(name)\""
                $0.colon()
                $0.text += $0.random.oneIn(4) ? "null" : "\(1 + $0.random.below(5_000))"
            }
        }
        if writer.random.oneIn(2) { members.append { $0.text += #""stream" :true"# } }
        if writer.random.oneIn(2) {
            members.append {
                $0.text += #""stream_options":"#
                $0.text += $0.random.pick([
                    "null", "{}", "{ }", #"{"include_usage":true}"#, #"{"x":1,"include_usage" : false}"#,
                    #"{"include\u005fusage":null,"x":[{}]}"#, #"{ "x":{"include_usage":true} }"#,
                ])
            }
        }
        for index in 0..<writer.random.below(5) {
            members.append {
                $0.name(index)
                $0.value(depth: 1)
            }
        }
        members.shuffle(using: &writer.random)
        writer.space()
        writer.text += "{"
        for (index, member) in members.enumerated() {
            if index > 0 { writer.text += "," }
            writer.space()
            member(&writer)
            writer.space()
        }
        writer.text += "}"
        writer.space()
    }

    @Test("what is sent on is the same object but for the members put in", arguments: 1...8 as ClosedRange<UInt64>)
    func spliced(seed: UInt64) throws {
        for round in 0..<150 as Range<UInt64> {
            var writer = JSONWriter(random: FuzzRandom(seed: seed << 32 | round))
            Self.request(&writer)
            let model = writer.random.pick(["m", "other/model", "\" \\ é 😀"])
            let limit = writer.random.pick([nil, 1, 4_096, Int64(Int32.max)])
            let forceUsage = writer.random.oneIn(2)
            let limitName = writer.random.pick(OutputLimitName.allCases)

            var expected = try #require(try foundation(writer.text.utf8) as? [String: Any], "\(writer.text)")
            let named = Self.limitNames.filter { expected[$0] != nil }
            let limits = named.filter { expected[$0] is NSNumber }
            let smallest = limits.compactMap { (expected[$0] as? NSNumber)?.int64Value }.min()
            let isAtOpenAI = limitName == .maxCompletionTokens
            let isBounded = limits.contains(limitName.rawValue) || (isAtOpenAI && limits.contains("max_tokens"))
            if let written = limit ?? (named.count > 1 || !isBounded ? smallest : nil) {
                for name in named where !isAtOpenAI || name != "max_tokens" || limits.contains(name) {
                    expected[name] = written
                }
                if !isBounded { expected[limitName.rawValue] = written }
            }
            if forceUsage, expected["stream"] != nil {
                var options = expected["stream_options"] as? [String: Any] ?? [:]
                options["include_usage"] = true
                expected["stream_options"] = options
            }
            expected["model"] = model

            let request = try OpenAIRequest.parse(ByteBuffer(string: writer.text), endpoint: .chatCompletions)
            #expect(request.outputLimit == smallest)
            let body = request.upstreamBody(
                model: model,
                outputLimit: limit,
                forceUsage: forceUsage,
                limitName: limitName
            )
            #expect(try canonical(foundation(body.bytes)) == canonical(expected), "\(writer.text) became \(body.text)")
        }
    }
}
