package import NIOCore

/// Where a connection comes from. Behind a proxy that is the proxy.
package struct ClientAddress: Hashable, Sendable {
    /// `203.0.113.7`, `2001:db8::1`; empty where there is none.
    package let text: String
    /// What one party has to itself: an IPv4 address, or an IPv6 /64.
    let network: String
    let isLoopback: Bool

    package init(_ address: SocketAddress?) {
        // After the family and the port (RFC 3493): of IPv4 the address, of IPv6 four bytes of flow and the address.
        let bytes = address.map { $0.withSockAddr { Array(UnsafeRawBufferPointer(start: $0, count: $1)) } } ?? []
        switch address {
        case .v4: self.init(v4: Array(bytes[4..<8]))
        case .v6:
            let bytes = Array(bytes[8..<24])
            if bytes[..<12] == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF] {
                self.init(v4: Array(bytes[12...]))
            } else {
                self.init(
                    text: address?.ipAddress ?? "",
                    network: bytes[..<8].map { String($0, radix: 16) }.joined(separator: ":") + "/64",
                    isLoopback: bytes == Array(repeating: 0, count: 15) + [1]
                )
            }
        case .unixDomainSocket, nil: self.init(text: "", network: "", isLoopback: false)
        }
    }

    private init(v4 bytes: [UInt8]) {
        let text = bytes.map { String($0) }.joined(separator: ".")
        self.init(text: text, network: text, isLoopback: bytes[0] == 127)
    }

    private init(text: String, network: String, isLoopback: Bool) {
        self.text = text
        self.network = network
        self.isLoopback = isLoopback
    }
}
