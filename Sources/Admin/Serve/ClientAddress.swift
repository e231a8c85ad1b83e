package import Domain
package import NIOCore

/// An address that requests come from.
package struct ClientAddress: Hashable, Sendable {
    /// Nil where the connection has none.
    package let address: IPAddress?

    package init(_ address: IPAddress?) { self.address = address }

    package init(_ socket: SocketAddress?) {
        address = socket?.ipAddress.flatMap { IPAddress(parsing: $0) }
    }

    /// `203.0.113.7`, `2001:db8::1`; empty where there is none.
    package var text: String { address?.description ?? "" }

    /// What one party has to itself: an IPv4 address, or an IPv6 /64.
    var network: String {
        guard let address, !address.isVersion4 else { return text }
        return "\(IPAddress(bits: (address.bits >> 64) << 64))/64"
    }

    var isLoopback: Bool { address?.isLoopback ?? false }
}
