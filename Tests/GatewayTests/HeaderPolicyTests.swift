import Domain
import NIOCore
import NIOHTTP1
import Testing

@testable import Gateway

@Suite("what crosses the gateway")
struct HeaderPolicyTests {
    @Test(
        "hop-by-hop, credentials and the client's network stay here",
        arguments: [
            "Host", "Cookie", "Connection", "Keep-Alive", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
            "Proxy-Authorization",
            "Proxy-Connection", "Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host",
            "X-Forwarded-Anything", "X-Forwarded-", "X-Forwarded-By", "x-forwarded-user", "X-FORWARDED-PREFIX",
            "X-Forwarded-Client-Cert",
            "X-Real-IP", "OpenAI-Organization", "OpenAI-Project", "Authorization", "x-api-key", "api-key", "Expect",
            "Accept-Encoding", "Content-Length", "X-Goog-Api-Key", "X-Hop", "User-Agent",
        ]
    )
    func dropped(name: String) {
        let head = HTTPRequestHead(
            version: .http1_1,
            method: .POST,
            uri: "/v1/chat/completions",
            headers: ["Connection": "close, x-hop", name: "value"]
        )
        let read = RequestHead(head, endpoint: .chatCompletions)
        #expect(!read.forwarded.contains { $0.name == name })
    }

    @Test(
        "unknown headers pass",
        arguments: ["anthropic-version", "x-stainless-lang", "Accept", "X-Title", "traceparent"]
    )
    func passed(name: String) {
        let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/", headers: [name: "v"])
        #expect(RequestHead(head, endpoint: .chatCompletions).forwarded.map(\.name) == [name])
    }

    @Test(
        "a header that changes the price is noted, and does not pass",
        arguments: [
            ("anthropic-beta", "context-1m-2025-08-07", "anthropic-beta"), ("Anthropic-Beta", "x", "anthropic-beta"),
            ("anthropic-beta", "", nil), ("anthropic-version", "2023-06-01", nil),
        ] as [(String, String, String?)]
    )
    func costBearing(name: String, value: String, noted: String?) {
        let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/", headers: [name: value])
        let read = RequestHead(head, endpoint: .chatCompletions)
        #expect(read.costBearing == noted)
        #expect(read.forwarded.isEmpty == (name.lowercased() == "anthropic-beta"))
    }

    @Test(
        "a key arrives in any of three headers; the first of them counts",
        arguments: [
            (["Authorization": "Bearer k1"], "k1"), (["authorization": "bearer k2"], "k2"), (["X-API-Key": "k3"], "k3"),
            (["api-key": "k4"], "k4"), (["x-api-key": "k5", "Authorization": "Bearer k6"], "k6"),
            (["Authorization": "BEARER   k7"], "k7"), (["Authorization": "Basic abc", "x-api-key": "k8"], "k8"),
            (["Authorization": "Basic abc", "authorization": "Bearer k9"], "k9"),
            (["Authorization": "Bearer ", "x-api-key": "", "api-key": "k10"], "k10"),
            // Not our scheme: no key at all rather than a piece of one.
            (["Authorization": "Basic abc"], nil), (["Authorization": "Bearer"], nil),
        ] as [(HTTPHeaders, Substring?)]
    )
    func keys(headers: HTTPHeaders, key: Substring?) {
        let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/", headers: headers)
        #expect(RequestHead(head, endpoint: .chatCompletions).key == key)
    }

    @Test("who waits to be told to continue", arguments: [(1, true), (0, false)])
    func expectation(minor: Int, isExpected: Bool) {
        let head = HTTPRequestHead(
            version: HTTPVersion(major: 1, minor: minor),
            method: .POST,
            uri: "/",
            headers: ["Expect": "100-Continue"]
        )
        #expect(RequestHead(head, endpoint: .chatCompletions).expectsContinue == isExpected)
    }

    @Test(
        "an endpoint is matched on the raw path",
        arguments: [
            ("/v1/chat/completions", .chatCompletions), ("/api/v1/chat/completions", .chatCompletions),
            ("/v1/completions?x=1", .completions), ("/v1/embeddings", .embeddings), ("/v1/chat/completions/", nil),
            ("//v1/chat/completions", nil), ("/v1/chat%2fcompletions", nil), ("/v1/../v1/chat/completions", nil),
            ("/V1/chat/completions", nil), ("/v1/models", nil), ("/api/api/v1/embeddings", nil),
            ("/v1/chat/completions;a", nil),
            ("/v1/chat/completions%00", nil), ("http://host/v1/chat/completions", nil),
        ] as [(String, Endpoint?)]
    )
    func endpoints(target: String, endpoint: Endpoint?) {
        #expect(Endpoint(target: target) == endpoint)
    }

    @Test(
        "of an answer, sessions, limits and names of the provider's own stay behind",
        arguments: [
            "Set-Cookie", "x-ratelimit-limit-requests", "X-RateLimit-Limit", "x-ratelimit-reset", "OpenAI-Organization",
            "Connection", "Keep-Alive", "Transfer-Encoding", "X-Request-ID", "X-Accel-Redirect", "X-Sendfile",
            "x-tokenaudit-cost", "OpenAI-Project", "Alt-Svc", "Strict-Transport-Security", "NEL", "Report-To",
            "Public-Key-Pins", "Clear-Site-Data",
        ]
    )
    func answers(name: String) {
        #expect(!HeaderPolicy.forwardsResponseHeader(name))
        #expect(HeaderPolicy.forwardsResponseHeader("openai-processing-ms"))
    }

    @Test(
        "what an answer's own Connection names ends here",
        arguments: [
            ("close", ["X-Hop", "X-Fine"]), ("keep-alive", ["X-Hop", "X-Fine"]), ("X-Hop", ["X-Fine"]),
            ("close, x-hop", ["X-Fine"]), ("Keep-Alive ,\tX-HOP", ["X-Fine"]), ("", ["X-Hop", "X-Fine"]),
        ]
    )
    func namedHops(connection: String, passed: [String]) {
        let head = HTTPResponseHead(
            version: .http1_1,
            status: .ok,
            headers: ["X-Hop": "value", "Connection": connection, "X-Fine": "value"]
        )
        var writer = AnswerWriter(call: CallID(high: 1, low: 1), version: .http1_1, isKeepAlive: true)
        let text = String(buffer: writer.whole(head, body: ByteBuffer(), cost: .zero))
        #expect(["X-Hop", "X-Fine"].filter { text.contains("\($0): value\r\n") } == passed)
    }

    @Test(
        "a body framed by any coding but chunked could be read in two ways",
        arguments: [
            ("Transfer-Encoding", "chunked", false), ("transfer-encoding", "Chunked", false),
            ("Transfer-Encoding", "gzip, chunked", true), ("Transfer-Encoding", "identity", true),
            ("Transfer-Encoding", "", true), ("X-Transfer-Coding", "gzip", false),
        ]
    )
    func framing(name: String, value: String, isAmbiguous: Bool) {
        #expect(HeaderPolicy.isAmbiguouslyFramed(["Host": "a", name: value]) == isAmbiguous)
    }
}
