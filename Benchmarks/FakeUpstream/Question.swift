import NIOCore

/// What decides a built-in answer: everything of a request that the fake model looks at.
struct Question: Hashable, Sendable {
    enum Endpoint: Hashable, Sendable {
        case chat, completions, embeddings, models, unknown
    }

    var endpoint: Endpoint
    var model: String
    var streams: Bool
    var includesUsage: Bool
    var choices: Int
    var hasTools: Bool

    init(target: Substring, body: ByteBuffer) {
        let path = target.prefix { $0 != "?" }
        endpoint =
            if path.hasSuffix("/chat/completions") {
                .chat
            } else if path.hasSuffix("/completions") {
                .completions
            } else if path.hasSuffix("/embeddings") {
                .embeddings
            } else if path.hasSuffix("/models") {
                .models
            } else {
                .unknown
            }
        model = body.member("\"model\"").map { String(decoding: $0.prefix(64), as: UTF8.self) } ?? "fake"
        streams = body.member("\"stream\"")?.first == UInt8(ascii: "t")
        includesUsage = streams && body.member("\"include_usage\"")?.first == UInt8(ascii: "t")
        choices =
            body.member("\"n\"").flatMap { Int(String(decoding: $0, as: UTF8.self)) }.map { min(max($0, 1), 128) } ?? 1
        hasTools = body.member("\"tools\"")?.first == UInt8(ascii: "[")
    }
}

extension ByteBuffer {
    /// The scalar after the first occurrence of a quoted member name, without its quotes; not a JSON parser.
    fileprivate func member(_ name: StaticString) -> [UInt8]? {
        guard let offset = offset(of: name, from: 0) else { return nil }
        let value = readableBytesView.dropFirst(offset + name.utf8CodeUnitCount)
            .drop { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: " ") }
        if value.first == UInt8(ascii: "\"") {
            return Array(value.dropFirst().prefix { $0 != UInt8(ascii: "\"") })
        }
        return Array(value.prefix(20).prefix { $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "}") })
    }
}
