import Foundation
import Fuzzing
import Testing

@testable import Dialects

@Suite("Fuzz: JSON")
struct FuzzJSON {
    static let words = [
        "{", "}", "[", "]", ",", ":", "\"", "\\", "true", "false", "null", "\"a\":", "{}", "[]", "\"\"", ",\"a\":1",
        "\\u0000", "\\ud83d\\ude00", "\\ud800", "\\u0061", "\\n", "\\/", "[[[[[[[[", "{\"a\":{\"a\":{\"a\":",
        "]]]]]]]]",
        "1e400", "1E-400", "-0.0e+0", "0.00000000000000000000000000000", "\u{FEFF}", "\r\n\t ", "\"model\":",
        "\"usage\":",
    ]

    @Test("the scanner accepts what RFC 8259 and Foundation accept, and sees the same members")
    func scanner() async throws {
        try await Fuzzer(
            "json",
            seeds: [
                "[0." + String(repeating: "0", count: 340) + "1]",
                #"{"model":"m","n":1,"a":[1,2.5e-3,{"b":null}],"t":true,"f":false}"#, #"[]"#, #"{}"#, #""text""#, "-0",
                "null",
                #"{"é":"\u00e9","\ud83d\ude00":"😀","":"","a":"\"\\\/\b\f\n\r\t"}"#, #"{"a":1,"\u0061":2}"#,
                #" [ 1 , [ [ ] , { "x" : [ -1.5E+10 ] } ] , "y" ] "#, "1e308", "123456789012345678901234567890",
                "{" + (0..<20).map { "\"k\($0)\":\($0)" }.joined(separator: ",") + "}",
            ],
            words: Self.words
        ) { run in
            var children: [JSONMember] = []
            let bytes = run.input
            let reference = ReferenceJSON.parse(bytes)
            let result = bytes.withUnsafeBytes { bytes in
                Result { () throws(JSONProblem) in try JSONScanner.scan(bytes, 0..<bytes.count, children: &children) }
            }
            switch result {
            case .success(let kind):
                run.note("\(kind)")
                for child in children { run.note(Int(child.kind.rawValue)) }
            case .failure(let problem):
                run.note("\(problem.kind) \(problem.member == nil)")
                run.note(magnitudeOf: problem.offset)
                try Self.check(problem, reference?.excesses, run)
                return
            }
            guard let (value, excesses) = reference else { throw FuzzFailure(property: "accepted, and no JSON") }
            try run.expect(excesses.isSubset(of: .oddNumber), "accepted in spite of \(excesses)")
            let object = Result { try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed) }
            if case .failure(let error) = object { throw FuzzFailure(property: "Foundation refuses: \(error)") }
            try Self.check(children, value, run)
        }.run()
    }

    private static func check(_ problem: JSONProblem, _ excesses: ReferenceJSON.Excesses?, _ run: FuzzRun) throws {
        try run.expect((0...run.input.count).contains(problem.offset), "offset \(problem.offset)")
        try run.expect((problem.member?.utf8.count ?? 0) <= 64, "member \(problem.member ?? "")")
        guard let excesses else { return }
        let isJustified: Bool
        switch problem.kind {
        case .tooDeep: isJustified = excesses.contains(.depth)
        case .nul: isJustified = excesses.contains(.nul)
        case .loneSurrogate: isJustified = excesses.contains(.loneSurrogate)
        case .duplicateName: isJustified = excesses.contains(.duplicateName)
        case .numberOutOfRange: isJustified = !excesses.isDisjoint(with: [.number, .oddNumber])
        case .tooManyMembers: isJustified = excesses.contains(.memberCount)
        default: isJustified = false
        }
        try run.expect(isJustified, "JSON refused: \(problem)")
    }

    private static func check(_ children: [JSONMember], _ value: ReferenceJSON, _ run: FuzzRun) throws {
        let expected: [(name: [UInt32]?, value: ReferenceJSON)]
        switch value {
        case .object(let members): expected = members.map { ($0.name, $0.value) }
        case .array(let elements): expected = elements.map { (nil, $0) }
        default: expected = []
        }
        try run.expect(children.count == expected.count, "\(children.count) members, not \(expected.count)")
        try run.input.withUnsafeBytes { bytes in
            for (child, expected) in zip(children, expected) {
                if let name = expected.name {
                    try run.expect(child.nameText(in: bytes).unicodeScalars.map(\.value) == name, "name \(name)")
                }
                let inner = Array(bytes[child.value])
                try run.expect(ReferenceJSON.parse(inner)?.value == expected.value, "value \(child)")
                try run.expect(child.start <= child.value.lowerBound, "start \(child)")
                if case .string = expected.value {
                    try run.expect(
                        child.text(in: bytes)?.utf8.elementsEqual(expected.value.string?.utf8 ?? "".utf8) == true,
                        "text"
                    )
                }
                if case .number(let digits) = expected.value {
                    let text = String(decoding: digits, as: UTF8.self)
                    let integer = text == "-0" ? 0 : Int64(text)
                    try run.expect(child.integer(in: bytes) == integer, "integer \(text)")
                }
            }
            // The quick walk and the scanner see the same; put together again the members are the same.
            var walked: [JSONMember] = []
            let range = Bytes.skipWhitespace(bytes.baseAddress!, 0, bytes.count)..<bytes.count
            JSONWalk.forEachChild(bytes, range) { walked.append($0) }
            if case .object = value { try run.expect(walked.map(\.value) == children.map(\.value), "the walk differs") }
            if case .array = value { try run.expect(walked.map(\.value) == children.map(\.value), "the walk differs") }
            guard case .object = value else { return }
            let spliced =
                Array("{".utf8)
                + children.map { Array(bytes[$0.start..<$0.value.upperBound]) }.joined(separator: Array(",".utf8))
                + Array("}".utf8)
            let again = try spliced.withUnsafeBytes { try JSONScanner.members(of: $0) }
            try run.expect(again.count == children.count, "spliced, \(again.count) members")
        }
    }

    @Test("quick steps over any bytes stay within them, and text written as JSON is read back")
    func steps() async throws {
        try await Fuzzer(
            "json-steps",
            seeds: [#"{"a":[1,{"b":"\u00e9"}],"c":"\\"}"#, #"["#, #"{"a":"#, #"\ud83d\ude0"#, "plain"],
            words: Self.words,
            largestBytes: 512
        ) { run in
            var copy = run
            try run.input.withUnsafeBytes { bytes in
                let start = copy.random.below(bytes.count + 1)
                let range = start..<start + copy.random.below(bytes.count - start + 1)
                var last = range.lowerBound
                var count = 0
                var isInside = true
                JSONWalk.forEachChild(bytes, range) { child in
                    isInside =
                        isInside && child.start >= last && child.value.lowerBound >= child.start
                        && child.value.upperBound <= range.upperBound && range.contains(child.value.lowerBound)
                    last = child.value.upperBound
                    count += 1
                }
                try copy.expect(isInside, "a child outside \(range)")
                copy.note(count)
                let text = JSONString.text(bytes, range, hasEscapes: true)
                copy.note(magnitudeOf: text.utf8.count)
                _ = JSONString.isEqual(bytes, range, "model")
                let payload = OpenAIPayload(bytes, range)
                copy.note(
                    "\(payload.isObject) \(payload.usage) \(payload.isError) \(payload.hasChoices) \(payload.finishCount > 0)"
                )
                try copy.expect(
                    payload.usageValue.upperBound <= range.upperBound
                        && payload.usageMember.upperBound <= range.upperBound
                        && payload.contentBytes >= 0 && payload.contentBytes <= range.count,
                    "the payload leaves \(range)"
                )
                guard !text.unicodeScalars.contains("\0") else { return }
                var written = Array("[".utf8)
                JSONString.write(text, into: &written)
                written += Array("]".utf8)
                try written.withUnsafeBytes { written in
                    let element = try JSONScanner.elements(of: written).first
                    try copy.expect(
                        element?.text(in: written)?.utf8.elementsEqual(text.utf8) == true,
                        "written otherwise"
                    )
                }
            }
            run = copy
        }.run()
    }
}
