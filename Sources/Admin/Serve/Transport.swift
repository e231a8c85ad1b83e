import HTTPTypes
import Hummingbird

/// What a request's bytes crossed on their way here, as far as can be known: the port itself speaks plain http.
enum Transport: Hashable, Sendable {
    /// From this host to this host.
    case local
    /// Through a proxy that is believed and had it over TLS.
    case https
    /// Over a network that may have read it, or through a proxy that does not say.
    case plain

    init(_ request: Request, _ context: ControlPlane.Context) {
        // A proxy on this host is believed about this without being named.
        guard context.peer.isLoopback || context.isPeerTrusted else {
            self = .plain
            return
        }
        let isDirect =
            !Self.isForwarded(request) && context.peer.isLoopback && HostName(request)?.isLoopback == true
        let protocols = request.headers[values: Self.forwardedProtocol]
        self = isDirect ? .local : protocols.count == 1 && protocols[0].lowercased() == "https" ? .https : .plain
    }

    /// A proxy says that it was asked by somebody else.
    static func isForwarded(_ request: Request) -> Bool { proxyFields.contains { request.headers[$0] != nil } }

    var scheme: String { self == .https ? "https" : "http" }

    private static let forwardedProtocol = HTTPField.Name("X-Forwarded-Proto")!
    static let forwardedFor = HTTPField.Name("X-Forwarded-For")!
    private static let proxyFields = [
        forwardedProtocol, forwardedFor, HTTPField.Name("X-Real-IP")!,
        HTTPField.Name("Forwarded")!,
    ]
}

/// The host that a request names, with its port: checked, since links are built from it.
struct HostName: Hashable, Sendable {
    /// `audit.example.com:8443`, in small letters.
    let text: String

    init?(_ request: Request) {
        guard let authority = request.head.authority else { return nil }
        self.init(authority)
    }

    init?(_ authority: String) {
        let text = authority.lowercased()
        var name = text[...]
        if let colon = text.lastIndex(of: ":"), text.last != "]" {
            let port = text[text.index(after: colon)...]
            guard let number = PositiveNumber.read(port), number <= 65_535 else { return nil }
            name = text[..<colon]
        }
        let isBracketed = name.hasPrefix("[") && name.hasSuffix("]") && name.utf8.count > 2
        let letters = isBracketed ? name.dropFirst().dropLast() : name
        guard !letters.isEmpty, text.utf8.count <= 255,
            letters.utf8.allSatisfy({ Self.isLetter($0, inBrackets: isBracketed) })
        else { return nil }
        self.text = text
    }

    var isLoopback: Bool {
        ["localhost", "127.0.0.1", "[::1]"].contains { text == $0 || text.hasPrefix($0 + ":") }
    }

    private static func isLetter(_ byte: UInt8, inBrackets: Bool) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."): true
        case UInt8(ascii: "a")...UInt8(ascii: "f"): true
        case UInt8(ascii: ":"): inBrackets
        case UInt8(ascii: "g")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "_"): !inBrackets
        default: false
        }
    }
}
