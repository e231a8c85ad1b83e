import Domain
import Testing

@Suite("where a request's key stands")
struct PresentedKeyTests {
    @Test(
        "the scheme in any case, any number of spaces, and nothing but the scheme",
        arguments: [
            ("Bearer k", "k"), ("bearer k", "k"), ("BEARER k", "k"), ("Bearer   k", "k"), ("Bearer k l", "k l"),
            ("Bearer \u{301}k", "\u{301}k"), ("Bearer é", "é"),
            ("Bearer", nil), ("Bearer ", nil), ("Bearer    ", nil), ("Bearerk", nil), ("Bearer\tk", nil),
            (" Bearer k", nil), ("Bear", nil), ("", nil), ("Basic abcdefgh", nil), ("Bearers key", nil),
        ] as [(String, String?)]
    )
    func bearer(value: String, key: String?) {
        var presented = PresentedKey()
        presented.read(authorization: value)
        #expect(presented.key.map(String.init) == key)
    }

    @Test("the first bearer counts, then the first of each other field; empty ones are not there")
    func order() {
        var presented = PresentedKey()
        #expect(presented.key == nil)
        presented.read(apiKey: "")
        presented.read(apiKey: "k1")
        presented.read(apiKey: "k2")
        #expect(presented.key == "k1")
        presented.read(xAPIKey: "")
        #expect(presented.key == "k1")
        presented.read(xAPIKey: "k3")
        presented.read(xAPIKey: "k4")
        #expect(presented.key == "k3")
        presented.read(authorization: "Basic k5")
        #expect(presented.key == "k3")
        presented.read(authorization: "Bearer k6")
        presented.read(authorization: "Bearer k7")
        #expect(presented.key == "k6")
    }
}
