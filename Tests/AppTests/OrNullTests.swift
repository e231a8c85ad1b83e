import Testing

@testable import Admin

@Suite("members that may be null") struct OrNullTests {
    private struct Answer: Encodable {
        @OrNull var end: String?
        let name = "n"
    }

    @Test("are there with a value and without", arguments: [("x", #""x""#), (nil, "null")] as [(String?, String)])
    func encoded(value: String?, text: String) {
        #expect(JSONAnswer.text(Answer(end: value)) == #"{"end":\#(text),"name":"n"}"#)
    }
}
