import Domain
import Testing

@Suite("traceparent") struct TraceContextTests {
    private static let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    @Test("is read and written as it is")
    func roundTrip() throws {
        let context = try #require(TraceContext(parsing: Self.good))
        #expect(context.isSampled && context.traceID.description == "0af7651916cd43dd8448eb211c80319c")
        #expect(context.spanID == 0xb7ad_6b71_6920_3331 && context.description == Self.good)
        let small = TraceContext(traceID: TraceID(high: 0, low: 1), spanID: 2, isSampled: false)
        #expect(small.description == "00-00000000000000000000000000000001-0000000000000002-00")
        #expect(TraceContext(parsing: small.description) == small)
    }

    @Test(
        "of another version what is shared is read; what is no traceparent is none",
        arguments: [
            ("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-comes", true),
            ("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03", true),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x", false),
            ("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x", false),
            ("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false),
            ("00-00000000000000000000000000000000-b7ad6b7169203331-01", false),
            ("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false),
            ("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", false),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0", false),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0g", false),
            ("00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false),
            (" 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333é-01", false),
            ("", false), ("00-", false), (String(repeating: "0", count: 100_000), false),
        ]
    )
    func malformed(text: String, isRead: Bool) { #expect((TraceContext(parsing: text) != nil) == isRead) }
}
