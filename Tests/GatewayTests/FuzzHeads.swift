import Dialects
import Domain
import Fuzzing
import NIOCore
import NIOHTTP1
import Testing

@testable import Gateway

@Suite("Fuzz: heads and tails of messages")
struct FuzzHeads {
    private static let names = [
        "Authorization", "X-API-Key", "api-key", "User-Agent", "X-Client-Request-Id", "Expect", "Content-Encoding",
        "Content-Length", "Transfer-Encoding", "Connection", "Host", "Cookie", "TE", "X-Forwarded-For", "x-forwarded-",
        "Accept",
        "OpenAI-Organization", "x-ratelimit-remaining", "Set-Cookie", "Date", "X-Request-Id",
    ]

    /// Lines of `name:value`, split at the first colon, as a codec would hand them over.
    private static func headers(_ run: FuzzRun) -> HTTPHeaders {
        var headers = HTTPHeaders()
        for line in run.input.split(separator: UInt8(ascii: "\n")) {
            let parts = line.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
            headers.add(
                name: String(decoding: parts[0].filter { $0 > 0x20 && $0 < 0x7F }, as: UTF8.self),
                value: parts.count > 1 ? String(decoding: parts[1], as: UTF8.self) : ""
            )
        }
        return headers
    }

    @Test("no credential, no hop-by-hop and no network header crosses, however it is written")
    func requestHeads() async throws {
        try await Fuzzer(
            "request-heads",
            seeds: [
                "Authorization:Bearer sk-1\nAccept:*/*\nUser-Agent:x", "x-api-key:k\nConnection:close, X-Hop\nX-Hop:1",
                "Content-Length:12\nTransfer-Encoding:chunked\nExpect:100-continue", "X-FORWARDED-FOR:1\nCookie:a",
            ],
            words: Self.names + Self.names.map { $0.uppercased() + ":" } + [
                "\n", "Bearer ", "bearer ", ", ", "chunked", "identity",
            ]
        ) { run in
            let headers = Self.headers(run)
            let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: run.text, headers: headers)
            let read = RequestHead(head, endpoint: .chatCompletions)
            let secret = ["authorization", "x-api-key", "api-key", "cookie", "host", "connection", "transfer-encoding"]
            for (name, _) in read.forwarded {
                try run.expect(!secret.contains(name.lowercased()), "\(name) crosses")
                try run.expect(!name.lowercased().hasPrefix("x-forwarded-"), "\(name) crosses")
            }
            for (name, _) in headers {
                let kind = HeaderPolicy.classify(requestHeader: name)
                run.note("\(kind)")
                let crosses = HeaderPolicy.forwardsResponseHeader(name)
                let stays = ["set-cookie", "connection", "transfer-encoding", "content-length", "date", "x-request-id"]
                try run.expect(!crosses || !stays.contains(name.lowercased()), "\(name) reaches the client")
                try run.expect(!crosses || !name.lowercased().hasPrefix("x-ratelimit-"), "\(name) reaches the client")
                try run.expect(
                    kind == HeaderPolicy.classify(requestHeader: name.lowercased()),
                    "the case of \(name) counts"
                )
                try run.expect(
                    kind == HeaderPolicy.classify(requestHeader: name.uppercased()),
                    "the case of \(name) counts"
                )
            }
            let encodings = headers.filter { $0.name.lowercased() == "transfer-encoding" }
            let isChunked = encodings.allSatisfy { $0.value.lowercased() == "chunked" }
            try run.expect(HeaderPolicy.isAmbiguouslyFramed(headers) == !isChunked, "framing of \(encodings)")
            run.note("\(read.key != nil) \(read.contentLength != nil) \(read.expectsContinue) \(isChunked)")
            if let endpoint = Endpoint(target: run.text) {
                run.note("\(endpoint)")
                let path = run.text.utf8.prefix { $0 != UInt8(ascii: "?") }
                let paths = [endpoint.path, "/api" + endpoint.path]
                try run.expect(paths.contains { $0.utf8.elementsEqual(path) }, "another path is \(endpoint)")
            }
        }.run()
    }

    @Test("whatever a field holds, it is one line of the head or none")
    func writing() async throws {
        try await Fuzzer(
            "head-writing",
            seeds: ["x-a: b", "x: \r\nInjected: 1", "x-request-id:\n", "tab\t:v\tw"],
            words: ["\r\n", "\r", "\n", "\u{0}", "\u{85}", "\u{2028}", ": ", "Content-Length: 0", "嘊嘍"],
            largestBytes: 200
        ) { run in
            let parts = run.text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            var buffer = ByteBuffer()
            buffer.writeField(parts[0], parts.count > 1 ? parts[1] : "")
            buffer.writeField("x-fixed", run.text)
            buffer.writeStatusLine(.http1_1, .custom(code: 299, reasonPhrase: run.text))
            let bytes = Array(buffer.readableBytesView)
            let ends = bytes.indices.filter { bytes[$0] == 0x0A }
            run.note(ends.count)
            try run.expect(ends.allSatisfy { $0 > 0 && bytes[$0 - 1] == 0x0D }, "a bare line feed")
            try run.expect(bytes.count { $0 == 0x0D } == ends.count && ends.count <= 3, "\(ends.count) lines")
            try run.expect(!bytes.contains(0) && bytes.last == 0x0A, "a control character")
        }.run()
    }

    @Test("the usage of an answer too large to hold is the last object of that name, and found in bounded time")
    func tails() async throws {
        try await Fuzzer(
            "tail-usage",
            seeds: [
                #"{"choices":[{"text":"\"usage\":{}"}],"usage":{"prompt_tokens":3,"completion_tokens":2}}"#,
                #"…"usage" : {"prompt_tokens_details":{"cached_tokens":1},"prompt_tokens":3}}"#, #""usage":null}"#,
            ],
            words: ["\"usage\":{", "\"usage\"", ":", "{", "}", "{\"prompt_tokens\":3}", " ", "\\\"usage\\\":{}"],
            largestBytes: 4_096
        ) { run in
            let window = ByteBuffer(bytes: run.input)
            guard let found = TailUsage.find(in: window) else { return run.note("none") }
            run.note("\(found.reading.problems.rawValue)")
            run.note(magnitudeOf: found.raw.readableBytes)
            let raw = Array(found.raw.readableBytesView)
            try run.expect(raw.first == UInt8(ascii: "{") && raw.last == UInt8(ascii: "}"), "no object")
            for tokenClass in TokenClass.allCases {
                try run.expect((0...Usage.largestCount).contains(found.reading.usage[tokenClass]), "\(tokenClass)")
            }
        }.run()
    }
}
