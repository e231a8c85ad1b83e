/// The proxies that are believed about where a request comes from. `X-Forwarded-For` from anybody else is the client's
/// own invention.
package struct TrustedProxies: Hashable, Sendable {
    /// A longer way is cut here: each step costs time, and a client can write as many as fit into a header.
    private static let longestWay = 16

    package var ranges: [AddressRange]

    package init(_ ranges: [AddressRange]) { self.ranges = ranges }

    package static let none = TrustedProxies([])

    package func contains(_ address: IPAddress) -> Bool { ranges.contains { $0.contains(address) } }

    /// Who sent a request: going back from the connection's peer, the first that is no trusted proxy. Where a trusted one
    /// names nothing that can be read, it is the sender itself.
    /// - Parameter forwardedFor: the values of `X-Forwarded-For` in their order; each proxy adds its own peer at the end.
    package func client(of peer: IPAddress, forwardedFor: [String]) -> IPAddress {
        guard !forwardedFor.isEmpty, contains(peer) else { return peer }
        var client = peer
        var steps = 0
        for value in forwardedFor.reversed() {
            for part in value.split(separator: ",", omittingEmptySubsequences: false).reversed() {
                guard steps < Self.longestWay, let address = Self.address(part) else { return client }
                client = address
                guard contains(address) else { return client }
                steps += 1
            }
        }
        return client
    }

    /// An address, with or without a port: `203.0.113.7:4711`, `[2001:db8::1]:4711`.
    private static func address(_ text: Substring) -> IPAddress? {
        var text = text
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else { return nil }
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || isPort(rest) else { return nil }
            let inside = text[..<end].dropFirst()
            return inside.contains(":") ? IPAddress(parsing: inside) : nil
        }
        if let colon = text.firstIndex(of: ":"), text[..<colon].contains("."), isPort(text[colon...]) {
            text = text[..<colon]
        }
        return IPAddress(parsing: text)
    }

    private static func isPort(_ text: Substring) -> Bool {
        (2...6).contains(text.utf8.count) && text.first == ":"
            && text.utf8.dropFirst().allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains)
    }
}
