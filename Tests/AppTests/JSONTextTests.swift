import Testing

@testable import tokenaudit

@Suite("lines of the log")
struct JSONTextTests {
    private func written(_ value: String) -> String {
        var line = JSONText()
        line.string(value)
        return String(decoding: line.text, as: UTF8.self)
    }

    @Test(
        "any text is one JSON string on one line",
        arguments: [
            ("plain", "\"plain\""), ("a\"b\\c", #""a\"b\\c""#), ("\r\n\t\u{0}", #""\u000d\n\u0009\u0000""#),
            ("é中😀", "\"é中😀\""),
        ]
    )
    func escaped(value: String, expected: String) { #expect(written(value) == expected) }

    @Test(
        "a long value is cut, also where all of it is one character",
        arguments: [
            String(repeating: "x", count: 5_000), "e" + String(repeating: "\u{301}", count: 50_000),
            String(repeating: "\u{1F468}\u{200D}", count: 5_000),
        ]
    )
    func cut(value: String) {
        let text = written(value)
        #expect(text.utf8.count <= 4_096 && text.hasSuffix("…\""))
    }
}
