import NIOHTTP1

/// Which headers cross the gateway, and which end here.
enum HeaderPolicy {
    enum RequestHeader {
        case authorization
        case xAPIKey
        case apiKey
        case userAgent
        case clientRequestID
        case expect
        case contentEncoding
        case contentLength
        case forwardedFor
        case traceparent
        /// Changes what a call costs.
        case costBearing
        case dropped
        case forwarded
    }

    /// Open list: what is not ours to read, hop-by-hop, a credential or about the client's network goes upstream.
    static func classify(requestHeader name: String) -> RequestHeader {
        // x-forwarded-anything tells of networks that are none of the provider's business.
        if begins(name, "x-forwarded-") { return equals(name, "x-forwarded-for") ? .forwardedFor : .dropped }
        return switch name.utf8.count {
        case 2: equals(name, "te") ? .dropped : .forwarded
        case 4: equals(name, "host") ? .dropped : .forwarded
        case 6:
            equals(name, "cookie") ? .dropped : equals(name, "expect") ? .expect : .forwarded
        case 7:
            equals(name, "api-key")
                ? .apiKey : equals(name, "upgrade") || equals(name, "trailer") ? .dropped : .forwarded
        case 9:
            equals(name, "x-api-key")
                ? .xAPIKey
                : equals(name, "forwarded") || equals(name, "x-real-ip") ? .dropped : .forwarded
        case 10:
            equals(name, "user-agent")
                ? .userAgent
                : equals(name, "connection") || equals(name, "keep-alive") || equals(name, "set-cookie")
                    ? .dropped : .forwarded
        case 11: equals(name, "traceparent") ? .traceparent : .forwarded
        case 13: equals(name, "authorization") ? .authorization : .forwarded
        case 14:
            equals(name, "content-length")
                ? .contentLength
                : equals(name, "x-goog-api-key") || equals(name, "openai-project")
                    ? .dropped : equals(name, "anthropic-beta") ? .costBearing : .forwarded
        case 15: equals(name, "accept-encoding") ? .dropped : .forwarded
        case 16:
            equals(name, "content-encoding")
                ? .contentEncoding
                : equals(name, "proxy-connection") ? .dropped : .forwarded
        case 17: equals(name, "transfer-encoding") ? .dropped : .forwarded
        case 18: equals(name, "proxy-authenticate") ? .dropped : .forwarded
        case 19:
            equals(name, "x-client-request-id")
                ? .clientRequestID
                : equals(name, "proxy-authorization") || equals(name, "openai-organization") ? .dropped : .forwarded
        default: .forwarded
        }
    }

    /// Whether the request's body is framed in a way two servers could read differently: by any coding but `chunked`
    /// (RFC 9112, 6.1).
    static func isAmbiguouslyFramed(_ headers: HTTPHeaders) -> Bool {
        headers.contains { name, value in
            name.utf8.count == 17 && equals(name, "transfer-encoding") && !equals(value, "chunked")
        }
    }

    /// What a head's own `Connection` makes hop-by-hop, in lower case; in the usual cases nothing, for nothing.
    static func namedByConnection(_ headers: HTTPHeaders) -> Set<String> {
        var named: Set<String> = []
        for (name, value) in headers where name.utf8.count == 10 && equals(name, "connection") {
            if equals(value, "keep-alive") || equals(value, "close") { continue }
            for token in value.split(separator: ",") {
                named.insert(token.filter { $0 != " " && $0 != "\t" }.lowercased())
            }
        }
        return named
    }

    /// Whether a header of the upstream's answer reaches the client as it came.
    static func forwardsResponseHeader(_ name: String) -> Bool {
        // Orders to a proxy before us are not the upstream's to give, and some names are ours alone.
        if begins(name, "x-accel-") || begins(name, "x-sendfile") || begins(name, "x-tokenaudit-") { return false }
        if begins(name, "x-ratelimit-") { return false }
        // So is what browsers are to remember of a host: this one is ours.
        return switch name.utf8.count {
        case 2: !equals(name, "te")
        case 3: !equals(name, "nel")
        case 4: !equals(name, "date")
        case 6: !equals(name, "server")
        case 7: !(equals(name, "upgrade") || equals(name, "trailer") || equals(name, "alt-svc"))
        case 9: !equals(name, "report-to")
        case 10: !(equals(name, "connection") || equals(name, "keep-alive") || equals(name, "set-cookie"))
        case 11: !equals(name, "set-cookie2")
        case 12: !equals(name, "x-request-id")
        case 14: !(equals(name, "content-length") || equals(name, "openai-project"))
        case 15: !(equals(name, "public-key-pins") || equals(name, "clear-site-data"))
        case 16: !equals(name, "proxy-connection")
        case 17: !equals(name, "transfer-encoding")
        case 18: !equals(name, "proxy-authenticate")
        case 19: !(equals(name, "openai-organization") || equals(name, "proxy-authorization"))
        case 25: !equals(name, "strict-transport-security")
        default: true
        }
    }

    /// Whether a header of an answer is about its body, and false beside another one.
    static func describesBody(_ name: String) -> Bool {
        begins(name, "content-") || equals(name, "etag") || equals(name, "last-modified") || equals(name, "digest")
            || equals(name, "repr-digest") || equals(name, "accept-ranges")
    }

    /// ASCII case-insensitive; `lowered` must be lower case.
    static func equals(_ text: String, _ lowered: StaticString) -> Bool {
        text.utf8.count == lowered.utf8CodeUnitCount && begins(text, lowered)
    }

    /// ASCII case-insensitive; `lowered` must be lower case.
    static func begins(_ text: String, _ lowered: StaticString) -> Bool {
        text.withUTF8Bytes { bytes in
            let count = lowered.utf8CodeUnitCount
            guard bytes.count >= count else { return false }
            for index in 0..<count {
                let byte = bytes[index]
                let folded = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
                if folded != lowered.utf8Start[index] { return false }
            }
            return true
        }
    }
}
