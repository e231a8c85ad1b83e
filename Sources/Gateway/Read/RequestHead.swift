import Domain
import NIOCore
import NIOHTTP1

/// What the data plane takes from a request's head, found in one pass over its headers.
struct RequestHead {
    let endpoint: Endpoint
    let version: HTTPVersion
    let isKeepAlive: Bool
    /// The presented key without its scheme.
    var key: Substring?
    var userAgent = ""
    var clientRequestID: String?
    var expectsContinue = false
    var hasContentEncoding = false
    var contentLength: Int?
    /// What proxies, or a client in their name, say about where it comes from.
    var forwardedFor: [String] = []
    /// The trace that the client is in.
    var trace: TraceContext?
    /// A header that lengthens the context, speeds the answer up or otherwise changes the price.
    var costBearing: String?
    /// Headers that go upstream as they came.
    var forwarded: [(name: String, value: String)] = []

    init(_ head: HTTPRequestHead, endpoint: Endpoint) {
        self.endpoint = endpoint
        version = head.version
        isKeepAlive = head.isKeepAlive
        let named = HeaderPolicy.namedByConnection(head.headers)
        var presented = PresentedKey()
        var hasTraceparent = false
        for (name, value) in head.headers {
            switch HeaderPolicy.classify(requestHeader: name) {
            case .authorization: presented.read(authorization: value)
            case .xAPIKey: presented.read(xAPIKey: value)
            case .apiKey: presented.read(apiKey: value)
            case .userAgent: userAgent = value
            case .clientRequestID: clientRequestID = String(value.unicodeScalars.prefix(128))
            // HTTP/1.0 knows no interim answers (RFC 9110, 10.1.1).
            case .expect: expectsContinue = version.minor > 0 && HeaderPolicy.equals(value, "100-continue")
            case .contentEncoding: if !HeaderPolicy.equals(value, "identity") { hasContentEncoding = true }
            case .contentLength: contentLength = Int(value)
            case .forwardedFor: forwardedFor.append(value)
            case .costBearing: if !value.isEmpty { costBearing = name.lowercased() }
            case .dropped: break
            case .traceparent:
                // Given twice it says nothing (W3C Trace Context, 3.2); it goes upstream as it came, unless we say better.
                trace = hasTraceparent ? nil : TraceContext(parsing: value)
                hasTraceparent = true
                if named.isEmpty || !named.contains("traceparent") { forwarded.append((name, value)) }
            case .forwarded:
                if named.isEmpty || !named.contains(name.lowercased()) { forwarded.append((name, value)) }
            }
        }
        key = presented.key
    }
}

extension Endpoint {
    /// The endpoint of a request's raw target: matched on the path, byte by byte, whatever the query.
    init?(target: String) {
        var path = target[...]
        if let query = path.utf8.firstIndex(of: UInt8(ascii: "?")) { path = path[..<query] }
        if path.hasPrefix("/api/v1/") { path = path.dropFirst(4) }
        switch path {
        case "/v1/chat/completions": self = .chatCompletions
        case "/v1/completions": self = .completions
        case "/v1/embeddings": self = .embeddings
        default: return nil
        }
    }
}
