import Fuzzing
import Testing

@testable import tokenaudit

@Suite("Fuzz: log lines")
struct FuzzLogLines {
    @Test("any value is one member of one line of JSON, and bounded")
    func lines() async throws {
        try await Fuzzer(
            "log-lines",
            seeds: [
                "plain", "\"quoted\" \\ \n\r\t\u{0}", "\u{1F468}\u{200D}\u{1F469}",
                String(repeating: "e\u{301}", count: 1_500),
            ],
            words: [
                "\u{301}", "\u{301}\u{301}\u{301}\u{301}", "\r\n", "\u{2028}", "\"}", "\\u0000", "\u{1F1E9}\u{1F1EA}",
            ],
            largestBytes: 16_384
        ) { run in
            let text = run.text
            var line = JSONText()
            line.open()
            line.member("message", text)
            line.member(String(text.prefix(40)) + "x", "value")
            line.close()
            guard let value = ReferenceJSON.parse(line.text)?.value else { throw FuzzFailure(property: "no JSON") }
            try run.expect(!line.text.contains { $0 < 0x20 }, "more than a line")
            // A long value is cut; what is written escaped may be six bytes for one.
            try run.expect(line.text.count <= 6 * 4_096 + 512, "\(line.text.count) bytes of \(text.utf8.count)")
            run.note(magnitudeOf: line.text.count)
            run.note("\(value["message"] == nil) \(text.utf8.count > 4_096)")
            let message = value["message"]?.value.string
            try run.expect(text.utf8.count > 4_096 || message?.utf8.elementsEqual(text.utf8) == true, "another value")
        }.run()
    }
}
