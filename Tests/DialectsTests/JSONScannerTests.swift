import Dialects
import Testing

@Suite("the scanner of JSON")
struct JSONScannerTests {
    /// Bytes and what they are refused for; nil where they are accepted.
    struct Case: Sendable, CustomTestStringConvertible {
        let bytes: [UInt8]
        let kind: JSONProblem.Kind?
        let offset: Int?
        let member: String?

        init(_ bytes: [UInt8], _ kind: JSONProblem.Kind? = nil, at offset: Int? = nil, in member: String? = nil) {
            self.bytes = bytes
            self.kind = kind
            self.offset = offset
            self.member = member
        }

        init(_ text: String, _ kind: JSONProblem.Kind? = nil, at offset: Int? = nil, in member: String? = nil) {
            self.init(Array(text.utf8), kind, at: offset, in: member)
        }

        var testDescription: String {
            let start = String(decoding: bytes.prefix(48), as: UTF8.self)
            return bytes.count > 48 ? "\(start)… of \(bytes.count) bytes" : start
        }
    }

    private static func problem(_ bytes: [UInt8]) -> JSONProblem? {
        var children: [JSONMember] = []
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(JSONProblem) in try JSONScanner.scan(bytes, 0..<bytes.count, children: &children) }
        }
        guard case .failure(let problem) = result else { return nil }
        return problem
    }

    private func check(_ line: Case) {
        let problem = Self.problem(line.bytes)
        #expect(problem?.kind == line.kind)
        if let offset = line.offset { #expect(problem?.offset == offset) }
        if line.kind != nil { #expect(problem?.member == line.member) }
    }

    @Test(
        "accepted",
        arguments: [
            Case("{}"), Case("[]"), Case(" \t\r\n{ \"a\" : [ ] } \n"), Case("\"\""), Case("null"), Case("-0"),
            Case(#"{"":1," ":2}"#), Case(#"["\u00e9\ud83d\ude00\"\\\/\b\f\n\r\t"]"#), Case("[\"é世😀\u{7F}\u{2028}\"]"),
            // Names that are one for a reader of Unicode are two for a reader of bytes.
            Case("{\"\u{E9}\":1,\"e\u{301}\":2}"),
            Case(#"{"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]}"#), Case(#"{"a":1,"A":2,"a ":3}"#),
        ]
    )
    func accepted(_ line: Case) { check(line) }

    @Test(
        "refused: what the grammar has no place for",
        arguments: [
            Case("", .empty, at: 0), Case(" \n\t", .empty, at: 3),
            Case("{\"a\":1,}", .unexpectedByte, at: 7), Case("[1,]", .unexpectedByte, at: 3),
            Case("[,1]", .unexpectedByte, at: 1), Case("{,}", .unexpectedByte, at: 1),
            Case("[1 2]", .unexpectedByte, at: 3), Case(#"{"a" 1}"#, .unexpectedByte, at: 5, in: "a"),
            Case(#"{"a"}"#, .unexpectedByte, at: 4, in: "a"), Case(#"{"a":}"#, .unexpectedByte, at: 5, in: "a"),
            Case("{a:1}", .unexpectedByte, at: 1), Case("{1:1}", .unexpectedByte, at: 1),
            Case("{'a':1}", .unexpectedByte, at: 1), Case("['a']", .unexpectedByte, at: 1),
            Case("[1}", .unexpectedByte, at: 2), Case(#"{"a":1]"#, .unexpectedByte, at: 6, in: "a"),
            Case("]", .unexpectedByte, at: 0), Case("[NaN]", .unexpectedByte, at: 1),
            Case("[Infinity]", .unexpectedByte, at: 1), Case("[-Infinity]", .badNumber, at: 2),
            Case("[+1]", .unexpectedByte, at: 1), Case("[.5]", .unexpectedByte, at: 1), Case("[0x10]", .unexpectedByte),
            Case("[1_000]", .unexpectedByte), Case("[True]", .unexpectedByte, at: 1), Case("[nul!]", .unexpectedByte),
            Case("[undefined]", .unexpectedByte, at: 1), Case("// x\n{}", .unexpectedByte, at: 0),
            Case("{/* x */}", .unexpectedByte, at: 1), Case("[1 # x\n]", .unexpectedByte, at: 3),
            Case("{}{}", .trailingBytes, at: 2), Case("{} x", .trailingBytes, at: 3),
            Case("1 2", .trailingBytes, at: 2),
            Case("{}\0", .trailingBytes, at: 2), Case("[\u{0B}1]", .unexpectedByte, at: 1),
            Case("[\u{A0}1]", .unexpectedByte, at: 1),
        ]
    )
    func ungrammatical(_ line: Case) { check(line) }

    @Test(
        "refused: what ends too early",
        arguments: [
            Case("{", .truncated, at: 1), Case("[", .truncated, at: 1), Case("[1", .truncated, at: 2),
            Case("[1,", .truncated, at: 3), Case(#"{"a"#, .truncated, at: 3),
            Case(#"{"a""#, .truncated, at: 4, in: "a"),
            Case(#"{"a":"#, .truncated, at: 5, in: "a"), Case(#"{"a":1"#, .truncated, at: 6, in: "a"),
            Case(#"{"a":1,"#, .truncated, at: 7), Case(#"["\"#, .truncated), Case(#"["\u00"#, .truncated),
            Case("[tru", .truncated), Case("[-", .truncated), Case("[1.", .truncated), Case("[1e+", .truncated),
            Case("[\"a", .truncated, at: 3),
            // Half a character is bad, whatever might have followed.
            Case([0x22, 0xC3], .badUTF8, at: 1), Case([0x22, 0xF0, 0x9F, 0x98], .badUTF8, at: 1),
        ]
    )
    func cut(_ line: Case) { check(line) }

    @Test(
        "refused: a name given twice, however it is written",
        arguments: [
            Case(#"{"a":1,"a":2}"#, .duplicateName, at: 10, in: "a"), Case(#"{"":1,"":2}"#, .duplicateName, in: ""),
            Case(#"{"max_tokens":1,"max\u005ftokens":2}"#, .duplicateName, in: "max_tokens"),
            Case(#"{"max\u005Ftokens":1,"max_tokens":2}"#, .duplicateName, in: "max_tokens"),
            Case(#"{"\u006dax_tokens":1,"max\u005ftokens":2}"#, .duplicateName, in: "max_tokens"),
            Case(#"{"a/b":1,"a\/b":2}"#, .duplicateName, in: "a/b"),
            Case(#"{"\ud83d\ude00":1,"😀":2}"#, .duplicateName, in: "😀"),
            Case(#"{"é":1,"\u00e9":2}"#, .duplicateName, in: "é"),
            Case(#"{"x":{"a":1,"b":2,"\u0061":3}}"#, .duplicateName, in: "a"),
            Case(#"{"x":[1,{"a":1,"a":1}]}"#, .duplicateName, in: "a"),
            Case(#"[{"a":1,"a":1}]"#, .duplicateName, in: "a"),
        ]
    )
    func duplicates(_ line: Case) { check(line) }

    @Test(
        "a name given twice is found in objects of every size, first and last",
        arguments: [2, 15, 16, 17, 18, 64, 999]
    )
    func duplicatesAmongMany(count: Int) {
        let names = (0..<count).map { "\"k\($0)\":\($0)" }
        check(Case("{\(names.joined(separator: ","))}"))
        for twice in [0, count - 1] {
            check(Case("{\(names.joined(separator: ",")),\"\\u006b\(twice)\":0}", .duplicateName, in: "k\(twice)"))
        }
    }

    @Test(
        "refused: text that is none",
        arguments: [
            Case([0x5B, 0x22, 0xFF, 0x22, 0x5D], .badUTF8, at: 2),
            Case([0x5B, 0x22, 0x80, 0x22, 0x5D], .badUTF8, at: 2),
            Case([0x22, 0xC3, 0x28, 0x22], .badUTF8, at: 1),
            Case([0x22, 0x41, 0xE2, 0x82, 0x22, 0x22], .badUTF8, at: 2),
            // Too long a form of "/", of U+0000 and of U+FFFF; a surrogate; beyond U+10FFFF.
            Case([0x22, 0xC0, 0xAF, 0x22], .badUTF8), Case([0x22, 0xC0, 0x80, 0x22], .badUTF8),
            Case([0x22, 0xE0, 0x80, 0xAF, 0x22], .badUTF8), Case([0x22, 0xF0, 0x8F, 0xBF, 0xBF, 0x22], .badUTF8),
            Case([0x22, 0xED, 0xA0, 0x80, 0x22], .badUTF8), Case([0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], .badUTF8),
            Case([0x22, 0xF8, 0x88, 0x80, 0x80, 0x80, 0x22], .badUTF8),
            Case([0x7B, 0x22, 0xE9, 0x22, 0x3A, 0x31, 0x7D], .badUTF8, at: 2),
            Case([0xEF, 0xBB, 0xBF] + Array("{}".utf8), .byteOrderMark, at: 0),
            Case([0xFF, 0xFE, 0x7B, 0x00, 0x7D, 0x00], .unexpectedByte, at: 0),
            Case([0xC3, 0xA9], .unexpectedByte, at: 0),
            Case([0x7B, 0xEF, 0xBB, 0xBF, 0x7D], .unexpectedByte, at: 1),
            Case("[\"a\0b\"]", .nul, at: 3), Case(#"["a\u0000b"]"#, .nul, at: 3), Case(#"{"m\u0000":1}"#, .nul, at: 3),
            Case("[\"\n\"]", .controlCharacter, at: 2), Case("[\"\t\"]", .controlCharacter, at: 2),
            Case("[\"\u{1F}\"]", .controlCharacter, at: 2),
            Case(#"["\x41"]"#, .badEscape, at: 2), Case(#"["\'"]"#, .badEscape, at: 2),
            Case(#"["\U0041"]"#, .badEscape),
            Case(#"["\u00g1"]"#, .badEscape, at: 2), Case(#"["\u 041"]"#, .badEscape), Case(#"["\u+041"]"#, .badEscape),
            Case(#"["\ud800"]"#, .loneSurrogate, at: 2), Case(#"["\udc00"]"#, .loneSurrogate, at: 2),
            Case(#"["\ud800x"]"#, .loneSurrogate, at: 2), Case(#"["\ud800\n"]"#, .loneSurrogate, at: 2),
            Case(#"["\ud800\ud800"]"#, .loneSurrogate, at: 2), Case(#"["\udc00\ud800"]"#, .loneSurrogate, at: 2),
            Case(#"["\ud800\u0041"]"#, .loneSurrogate, at: 2), Case(#"{"\uDBFF":1}"#, .loneSurrogate, at: 2),
        ]
    )
    func text(_ line: Case) { check(line) }

    /// As wide as the search that looks at eight bytes at a time, and wider.
    @Test("a bad byte is found wherever it stands in a string", arguments: 0...17)
    func badByteAnywhere(offset: Int) {
        for (byte, kind) in [(0xFF, .badUTF8), (0x00, .nul), (0x1F, .controlCharacter)] as [(UInt8, JSONProblem.Kind)] {
            var bytes = Array("[\"abcdefghijklmnopq!\"]".utf8)
            bytes[2 + offset] = byte
            check(Case(bytes, kind, at: 2 + offset))
        }
    }

    private static func nested(_ depth: Int, _ open: String, _ close: String) -> String {
        String(repeating: open, count: depth) + String(repeating: close, count: depth)
    }

    @Test(
        "nesting ends at 128",
        arguments: [
            Case(nested(128, "[", "]")), Case(nested(129, "[", "]"), .tooDeep, at: 128),
            Case(nested(100_000, "[", "]"), .tooDeep, at: 128),
            Case(String(repeating: "[", count: 100_000), .tooDeep, at: 128),
            Case(String(repeating: #"{"a":"#, count: 127) + "{}" + String(repeating: "}", count: 127)),
            Case(String(repeating: #"{"a":"#, count: 128) + "{}", .tooDeep, at: 640, in: "a"),
            Case(String(repeating: #"{"a":["#, count: 64) + "1" + String(repeating: "]}", count: 64)),
            Case(String(repeating: #"{"a":["#, count: 100_000), .tooDeep, at: 384, in: "a"),
            // Side by side is not inside.
            Case("[\(Array(repeating: nested(127, "[", "]"), count: 100).joined(separator: ","))]"),
        ]
    )
    func depth(_ line: Case) { check(line) }

    @Test(
        "members are counted per object; elements and digits of one value are bounded by the bytes or refused",
        arguments: [
            Case(object(memberCount: 10_000)),
            Case(object(memberCount: 10_001), .tooManyMembers, in: "k10000"),
            Case(object(memberCount: 1_000_000), .tooManyMembers, in: "k10000"),
            Case("[\(object(memberCount: 6_000)),\(object(memberCount: 6_000))]"),
            Case("{\"x\":\(object(memberCount: 6_000)),\"y\":\(object(memberCount: 6_000))}"),
            Case("[\(Array(repeating: "1", count: 100_000).joined(separator: ","))]"),
            Case("[\(String(repeating: "1", count: 1_000_000))]", .numberOutOfRange),
            Case("[0.\(String(repeating: "1", count: 1_000_000))]", .numberOutOfRange),
            Case("[1e\(String(repeating: "1", count: 1_000_000))]", .numberOutOfRange),
            Case("{\"n\":-\(String(repeating: "9", count: 1_000_000))}", .numberOutOfRange, in: "n"),
            Case("[\"\(String(repeating: "x", count: 1_000_000))\"]"),
        ]
    )
    func bounds(_ line: Case) { check(line) }

    private static func object(memberCount count: Int) -> String {
        "{\((0..<count).map { "\"k\($0)\":0" }.joined(separator: ","))}"
    }

    @Test(
        "the outermost member that holds a problem is named, short and without control characters",
        arguments: [
            Case(#"{"ok":1,"messages":[{"content":"\x"}]}"#, .badEscape, in: "messages"),
            // What stands between members, or after the last one, is in none.
            Case(#"{"ok":1,"\x":2}"#, .badEscape), Case(#"{"ok":1, x}"#, .unexpectedByte),
            Case(#"{"ok":1} x"#, .trailingBytes),
            Case(#"{"a":{"b":1,}}"#, .unexpectedByte, in: "a"),
            Case(#"{"a\nb\u007f":[}"#, .unexpectedByte, in: "ab"),
            Case(
                "{\"\(String(repeating: "x", count: 5_000))\":!",
                .unexpectedByte,
                in: String(repeating: "x", count: 61)
            ),
        ]
    )
    func names(_ line: Case) { check(line) }

    @Test("a root of another kind is refused by whoever wants members or elements")
    func roots() {
        for text in ["[]", "1", "\"a\"", "null", "true"] {
            let bytes = Array(text.utf8)
            #expect(throws: JSONProblem(kind: .notAnObject, offset: 0)) {
                try bytes.withUnsafeBytes { try JSONScanner.members(of: $0) }
            }
        }
        let object = Array("  {}".utf8)
        #expect(throws: JSONProblem(kind: .notAnArray, offset: 2)) {
            try object.withUnsafeBytes { try JSONScanner.elements(of: $0, in: 2..<4) }
        }
    }

    @Test("members are reported as they stand, also of a part of the bytes")
    func reported() throws {
        let text = #"x{ "a" : [1, {"b":2}] ,"c\u0064":"\u00e9","n":-9223372036854775808,"t":true,"z":null }y"#
        let bytes = Array(text.utf8)
        try bytes.withUnsafeBytes { bytes in
            let members = try JSONScanner.members(of: bytes, in: 1..<bytes.count - 1)
            let names = members.map { $0.nameText(in: bytes) }
            #expect(names == ["a", "cd", "n", "t", "z"])
            #expect(members.map(\.kind) == [.array, .string, .number, .bool, .null])
            let values = members.map { String(decoding: bytes[$0.value], as: UTF8.self) }
            #expect(values == [#"[1, {"b":2}]"#, #""\u00e9""#, "-9223372036854775808", "true", "null"])
            #expect(members[1].isNamed("cd", in: bytes))
            #expect(members[1].text(in: bytes) == "é" && members[1].isString("é", in: bytes))
            #expect(members[2].integer(in: bytes) == .min && members[2].bool(in: bytes) == nil)
            #expect(members[3].bool(in: bytes) == true && members[3].text(in: bytes) == nil)
        }
    }

    @Test(
        "an integer is one that is written as one and that Int64 holds",
        arguments: [
            ("0", 0), ("-0", 0), ("9223372036854775807", .max), ("9223372036854775808", nil),
            ("-9223372036854775808", .min), ("-9223372036854775809", nil), ("1.0", nil), ("1e3", nil), ("1E0", nil),
            (String(repeating: "9", count: 300), nil), ("\"5\"", nil), ("null", nil), ("true", nil),
        ] as [(String, Int64?)]
    )
    func integers(text: String, expected: Int64?) throws {
        let bytes = Array("[\(text)]".utf8)
        try bytes.withUnsafeBytes { bytes in
            let element = try #require(try JSONScanner.elements(of: bytes).first)
            #expect(element.integer(in: bytes) == expected)
        }
    }
}
