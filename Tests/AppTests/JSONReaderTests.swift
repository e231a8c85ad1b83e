import Testing

@testable import Admin

@Suite("bodies of the administration") struct JSONReaderTests {
    @Test(
        "what is JSON is read exactly",
        arguments: [
            (#"{"a":"b"}"#, .object(["a": .string("b")])), (" [ ] ", .array([])), ("{}", .object([:])),
            (
                #"[1,-0.5e+3,true,false,null]"#,
                .array([.number("1"), .number("-0.5e+3"), .bool(true), .bool(false), .null])
            ),
            (#""\u00e9\ud83d\ude00\/\n""#, .string("é😀/\n")), (#""\u0000""#, .string("\0")), ("\"é\"", .string("é")),
        ] as [(String, JSONItem)]
    )
    func good(text: String, item: JSONItem) throws {
        #expect(try JSONReader.read(Array(text.utf8)) == item)
    }

    @Test(
        "what is not JSON is refused",
        arguments: [
            "", " ", "{", "}", "[1,]", #"{"a":1,}"#, #"{"a":1 "b":2}"#, "{a:1}", "{'a':1}", "01", "1.", ".5", "+1",
            "1e",
            "nul", "True", "NaN", "Infinity", #"{"a":1}{}"#, #"{"a":1} x"#, "\u{FEFF}{}", "\"\t\"", #""\x""#,
            #""\u12""#,
            #""\ud800""#, #""\udc00""#, #""\ud800\u0041""#, #"{"a":1,"a":2}"#, #"{"a":1,"\u0061":2}"#, "\"", #""\"#,
            String(repeating: "[", count: 100_000), "/* */{}", "-",
        ]
    )
    func bad(text: String) {
        #expect(throws: JSONReader.Problem.self) { try JSONReader.read(Array(text.utf8)) }
    }

    @Test(
        "bytes that are no UTF-8 are refused",
        arguments: [[0x22, 0xFF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0xC3]]
    )
    func notText(bytes: [UInt8]) {
        #expect(throws: JSONReader.Problem.self) { try JSONReader.read(bytes) }
    }
}
