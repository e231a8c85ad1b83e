/// An upstream's address: `http` or `https`, host, port and path prefix. Nothing else of a URL is accepted.
package struct BaseURL: Hashable, Sendable, CustomStringConvertible {
    package let isTLS: Bool
    /// Lower case; an IPv6 address without brackets.
    package let host: String
    package let port: Int
    /// Empty or `/v1`: begins with a slash, ends without one.
    package let path: String

    package enum Problem: Error, Hashable, Sendable {
        case scheme
        case userInfo
        case host
        case port
        /// Query, fragment, dot segments, or bytes that have no place in a path.
        case path
    }

    package init(parsing text: String) throws(Problem) {
        let rest: Substring
        if text.hasPrefix("https://") {
            isTLS = true
            rest = text.dropFirst(8)
        } else if text.hasPrefix("http://") {
            isTLS = false
            rest = text.dropFirst(7)
        } else {
            throw .scheme
        }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = rest[..<slash]
        guard !authority.contains("@") else { throw .userInfo }
        // Before lower-casing: there the Kelvin sign and others become ASCII letters.
        guard authority.utf8.allSatisfy({ $0 < 0x80 }) else { throw .host }

        let portText: Substring?
        if authority.hasPrefix("[") {
            guard let close = authority.firstIndex(of: "]") else { throw .host }
            host = authority[authority.index(after: authority.startIndex)..<close].lowercased()
            guard host.contains(":"),
                host.utf8.allSatisfy({ Self.isHexDigit($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") })
            else { throw .host }
            let after = authority[authority.index(after: close)...]
            guard after.isEmpty || after.hasPrefix(":") else { throw .host }
            portText = after.isEmpty ? nil : after.dropFirst()
        } else {
            let colon = authority.firstIndex(of: ":") ?? authority.endIndex
            host = authority[..<colon].lowercased()
            guard !host.isEmpty, host.utf8.count <= 253, host.utf8.allSatisfy(Self.isHostByte),
                !host.hasPrefix("."), !host.contains("..")
            else { throw .host }
            portText = colon == authority.endIndex ? nil : authority[authority.index(after: colon)...]
        }
        if let portText {
            guard portText.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
                let number = Int(portText), (1...65_535).contains(number)
            else { throw .port }
            port = number
        } else {
            port = isTLS ? 443 : 80
        }

        var path = rest[slash...]
        while path.hasSuffix("/") { path = path.dropLast() }
        guard path.utf8.allSatisfy(Self.isPathByte),
            !path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
                .contains(where: { $0.isEmpty || $0 == "." || $0 == ".." })
        else { throw .path }
        self.path = String(path)
    }

    package var description: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return "\(isTLS ? "https" : "http")://\(name)\(port == (isTLS ? 443 : 80) ? "" : ":\(port)")\(path)"
    }

    /// The value of the `Host` header.
    package var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isTLS ? 443 : 80) ? name : "\(name):\(port)"
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): true
        default: false
        }
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func isPathByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"), UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: "@"), UInt8(ascii: "+"),
            UInt8(ascii: "="):
            true
        default: false
        }
    }
}
