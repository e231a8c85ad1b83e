import Dialects
import Testing

@Suite("numbers in JSON")
struct JSONNumberTests {
    private func problem(_ text: String) -> JSONProblem.Kind? {
        let bytes = Array("[\(text)]".utf8)
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(JSONProblem) in try JSONScanner.elements(of: bytes) }
        }
        guard case .failure(let problem) = result else { return nil }
        return problem.kind
    }

    @Test(
        "accepted: what a Double holds",
        arguments: [
            "0", "-0", "0.0", "-0.0e+0", "9.9e307", "1E-300", "0.05", "0.0000000001", "1.5e-300", "0.1e-298",
            "10.00001",
            "0." + String(repeating: "0", count: 299) + "1", "1" + String(repeating: "0", count: 307),
            "0.5" + String(repeating: "1", count: 390),
        ]
    )
    func accepted(text: String) { #expect(problem(text) == nil) }

    @Test(
        "refused: what becomes infinite or zero",
        arguments: [
            "1e308", "1e309", "1e400", "10e308", "1e-400", "1e99999", "0e-99999",
            // Its exponent is written out: every reader of doubles takes it for zero.
            "0." + String(repeating: "0", count: 340) + "1", "0." + String(repeating: "0", count: 301) + "1",
            "0.001e-299", String(repeating: "1", count: 401),
        ]
    )
    func outOfRange(text: String) { #expect(problem(text) == .numberOutOfRange) }

    @Test("refused: what is no number", arguments: ["01", "-01", "1.", "-", "1.e5", "1e", "1e+", "--1"])
    func malformed(text: String) { #expect(problem(text) == .badNumber) }

    @Test(
        "an integer is read from its digits alone",
        arguments: [
            ("0", 0), ("-0", 0), ("10", 10), ("-10", -10), ("01", nil), ("-01", nil), ("00", nil), ("", nil),
            ("-", nil),
            ("+1", nil), ("1 ", nil), ("٣", nil), ("9223372036854775807", .max), ("9223372036854775808", nil),
            ("-9223372036854775808", .min), ("92233720368547758070", nil),
        ] as [(String, Int64?)]
    )
    func integer(text: String, expected: Int64?) {
        let bytes = Array(text.utf8)
        #expect(bytes.withUnsafeBytes { JSONInteger.parse($0, 0..<$0.count) } == expected)
    }
}
