import Domain

/// Where a MariaDB server is and who we are there: `mysql://user:password@host:port/name?ssl-mode=verify-identity`.
struct MariaAddress: Equatable, Sendable {
    enum TLS: String, CaseIterable, Sendable {
        case disabled, required
        /// The certificate must be of an authority we know and name the host.
        case verifyIdentity = "verify-identity"
    }

    var user = ""
    var password = ""
    var host = ""
    var port: UInt16 = 3_306
    var name = ""
    /// A socket in the file system, instead of host and port.
    var socket: String?
    var tls = TLS.disabled
    /// Files in PEM: whose certificates are trusted, our own certificate and its key.
    var authorities: String?
    var certificate: String?
    var key: String?

    /// - Throws: `StorageError.unusable`, which never repeats a part of `url`.
    init(parsing url: String) throws(StorageError) {
        guard let scheme = url.firstRange(of: "://"), ["mysql", "mariadb"].contains(url[..<scheme.lowerBound]) else {
            throw .unusable("its URL must begin with mysql://")
        }
        let parts = url[scheme.upperBound...].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let main = parts[0].split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard main.count == 2, !main[1].isEmpty, !main[1].contains("/") else {
            throw .unusable("its URL must name one database after the host: mysql://user:password@host/name")
        }
        name = try Self.decoded(main[1])
        let authority = main[0].split(separator: "@", omittingEmptySubsequences: false)
        guard authority.count == 2 else {
            throw .unusable("its URL must name a user before the host; a '@' in a password is written %40")
        }
        let person = authority[0].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        user = try Self.decoded(person[0])
        if person.count == 2 { password = try Self.decoded(person[1]) }
        guard !user.isEmpty else { throw .unusable("its URL names no user") }
        try readHost(authority[1])
        var given: TLS?
        if parts.count == 2 { given = try readParameters(parts[1]) }
        guard !host.isEmpty || socket != nil else { throw .unusable("its URL names no host") }
        // Money does not cross a network in the clear unless somebody said so.
        let isHere = socket != nil || ["localhost", "127.0.0.1", "::1"].contains(host)
        tls = given ?? (isHere ? .disabled : .required)
        guard tls != .disabled || (authorities == nil && certificate == nil && key == nil) else {
            throw .unusable("its URL has files for TLS but ssl-mode=disabled")
        }
    }

    private mutating func readHost(_ text: Substring) throws(StorageError) {
        var rest = text
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else { throw .unusable("its URL has a '[' without a ']'") }
            host = String(text[text.index(after: text.startIndex)..<end])
            rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.first == ":" else { throw .unusable("its URL has something after a ']'") }
        } else {
            let end = text.firstIndex(of: ":") ?? text.endIndex
            host = try Self.decoded(text[..<end])
            rest = text[end...]
        }
        guard !rest.isEmpty else { return }
        let digits = rest.dropFirst()
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(digits), port > 0 else {
            throw .unusable("its URL's port must be a number up to 65535")
        }
        self.port = port
    }

    private mutating func readParameters(_ text: Substring) throws(StorageError) -> TLS? {
        var tls: TLS?
        var seen: Set<String> = []
        for parameter in text.split(separator: "&", omittingEmptySubsequences: false) {
            let pair = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(pair[0])
            guard pair.count == 2, seen.insert(name).inserted else {
                throw .unusable("its URL's parameters must be name=value, each once")
            }
            let value = try Self.decoded(pair[1])
            switch name {
            case "ssl-mode":
                guard let mode = TLS(rawValue: value.lowercased()) else {
                    let modes = TLS.allCases.map(\.rawValue).joined(separator: ", ")
                    throw .unusable("its URL's ssl-mode must be one of \(modes)")
                }
                tls = mode
            case "ssl-ca": authorities = value
            case "ssl-cert": certificate = value
            case "ssl-key": key = value
            case "socket": socket = value
            default: throw .unusable("its URL's parameters may be ssl-mode, ssl-ca, ssl-cert, ssl-key and socket")
            }
        }
        return tls
    }

    /// Percent signs undone.
    private static func decoded(_ text: Substring) throws(StorageError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = Substring(rest.prefix(2))
            guard digits.utf8.count == 2, digits.allSatisfy(\.isHexDigit), let value = UInt8(digits, radix: 16),
                value != 0
            else { throw .unusable("its URL has a '%' that is not followed by two hexadecimal digits") }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .unusable("its URL is not UTF-8") }
        return text
    }
}
