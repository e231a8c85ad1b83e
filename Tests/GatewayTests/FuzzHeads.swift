import Dialects
import Domain
import Foundation
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
            let name = String(decoding: parts[0].filter { $0 > 0x20 && $0 < 0x7F }, as: UTF8.self)
            guard !name.isEmpty else { continue }
            headers.add(name: name, value: parts.count > 1 ? String(decoding: parts[1], as: UTF8.self) : "")
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

    @Test(
        "what goes upstream is one request with our credential, host and length, and nothing that frames it otherwise"
    )
    func upstreamRequests() async throws {
        let catalog = TestGateway.directory(upstreamPort: 9).catalog
        guard let provider = catalog.models["fake"]?.routes.first?.provider else {
            throw FuzzFailure(property: "a model")
        }
        try await Fuzzer(
            "upstream-requests",
            seeds: [
                "Accept:*/*\nUser-Agent:x\nAuthorization:Bearer sk-1",
                "Content-Length:5\nHost:a\nTransfer-Encoding:chunked",
            ],
            words: Self.names.map { $0 + ":" } + ["\r", "\r\n", "\n", "\u{0}", ": ", "Content-Length: 0"]
        ) { run in
            let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/", headers: Self.headers(run))
            let read = RequestHead(head, endpoint: .chatCompletions)
            let body = ByteBuffer(string: "{}")
            let request = String(buffer: UpstreamRequest.bytes(read, to: provider, body: body))
            let parts = request.components(separatedBy: "\r\n\r\n")
            let lines = parts[0].components(separatedBy: "\r\n")
            run.note(lines.count)
            run.note(read.forwarded.count)
            try run.expect(parts.count == 2 && parts[1] == "{}", "the body is \(parts.dropFirst())")
            try run.expect(lines[0] == "POST /v1/chat/completions HTTP/1.1", "the line \(lines[0])")
            try run.expect(!parts[0].unicodeScalars.contains { $0 == "\0" }, "a NUL")
            let names = lines.dropFirst().map { $0.prefix { $0 != ":" }.lowercased() }
            for name in ["host", "authorization", "content-length", "accept-encoding"] {
                try run.expect(names.count { $0 == name } == 1, "\(name) in \(names)")
            }
            for name in ["transfer-encoding", "connection", "expect", "x-api-key", "content-encoding"] {
                try run.expect(!names.contains(name), "\(name) in \(names)")
            }
            try run.expect(lines.contains("Authorization: Bearer sk-upstream-secret-0123456789"), "our credential")
            let bare = parts[0].replacingOccurrences(of: "\r\n", with: "")
            try run.expect(!bare.unicodeScalars.contains { $0 == "\r" || $0 == "\n" }, "a bare line end")
        }.run()
    }

    @Test("an answer's head is well formed whatever the upstream's is; no piece of our credential is relayed")
    func answerHeads() async throws {
        let secret = "sk-upstream-secret-0123456789"
        try await Fuzzer(
            "answer-heads",
            seeds: [
                "Content-Type:text/event-stream\nSet-Cookie:a", "x-request-id:up\nCache-Control:no-store",
                #"{"error":{"message":"bad key sk-upstream-secret-0123456789"}}"#,
                #"{"error":{"message":"s\u006b-upstream"}}"#,
                "WWW-Authenticate:Bearer sk-upstream-secret-0123456789", "{\"error\":\"sk-upstr\u{301}\"}",
                "X-Note:23456789\u{301}",
            ],
            words: Self.names.map { $0 + ":" } + [
                secret, "sk-upstr", "23456789", "\\u0073k-upstr", "\"error\":1", "\n", "\r\n", "\u{301}",
            ]
        ) { run in
            let status = HTTPResponseStatus(statusCode: run.random.pick([200, 400, 401, 404, 429, 500, 503]))
            let head = HTTPResponseHead(version: .http1_1, status: status, headers: Self.headers(run))
            let relayed = AnswerHead.relay(head, body: ByteBuffer(bytes: run.input), credential: Credential(secret))
            let body = relayed?.body ?? ByteBuffer()
            var writer = AnswerWriter(
                call: CallID(high: 1, low: 2),
                version: .http1_1,
                isKeepAlive: run.random.oneIn(2)
            )
            writer.outputLimit = 5
            var buffer: ByteBuffer
            if run.random.oneIn(2) {
                buffer = writer.head(of: relayed?.head ?? head, isEventStream: true)
                buffer.writeImmutableBuffer(writer.last(body))
            } else {
                buffer = writer.whole(relayed?.head ?? head, body: body, cost: Money(picoDollars: 1))
            }
            let written = String(buffer: buffer)
            try run.expect(
                try WireAnswers.statuses(Array(buffer.readableBytesView)) == [Int(status.code)],
                "another status"
            )
            run.note("\(relayed == nil) \(written.components(separatedBy: "\r\n").count)")
            guard relayed != nil else { return }
            let unescaped = body.withUnsafeReadableBytes { JSONString.text($0, 0..<$0.count, hasEscapes: true) }
            let text = written + unescaped
            for piece in [secret.prefix(8), secret.suffix(8)] {
                // Nobody writes it as a field's name.
                if head.headers.contains(where: { $0.name.contains(piece) }) { continue }
                try run.expect(text.utf8.firstRange(of: piece.utf8) == nil, "the credential is relayed: \(text)")
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
