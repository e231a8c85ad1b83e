import Dialects
import Domain
import NIOCore
import Testing

@testable import Gateway

@Suite("usage in the tail of a large answer")
struct TailUsageTests {
    private static let usage = #""usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}"#

    @Test(
        "the last object of that name",
        arguments: [
            ("…\"}]," + usage + "}", 2), (usage + ",\"usage\":null}", 2), (usage + ",\"usage\":[1]}", 2),
            ("\"usage\" : \n" + #"{"prompt_tokens_details":{"cached_tokens":0},"completion_tokens":7}}"#, 7),
            // As text of the answer the name's quotes are escaped.
            (usage + #","text":"\"usage\":{\"completion_tokens\":9}"}"#, 2),
            (usage + ",\"usage\":{\"completion_tokens\":9", 2),
        ] as [(String, Int64)]
    )
    func found(tail: String, output: Int64) throws {
        let found = try #require(TailUsage.find(in: ByteBuffer(string: tail)))
        #expect(found.reading.usage[.output] == output)
    }

    @Test(
        "none",
        arguments: [
            "", "\"usage\"", "\"usage\":", "\"usage\":null", "\"usage\":{", "}}}}\"usage\":1",
            // Beyond what is believed of one object, and beyond the names that are looked behind.
            "\"usage\":{\"a\":\"" + String(repeating: "x", count: OpenAIUsage.largestObjectBytes) + "\"}",
            usage + String(repeating: "\"usage\":{", count: 14_000),
        ]
    )
    func none(tail: String) { #expect(TailUsage.find(in: ByteBuffer(string: tail)) == nil) }
}
