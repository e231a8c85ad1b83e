import Domain
import Glibc
import NIOCore
import NIOPosix

/// Which network addresses a provider may have: checked on what a name resolves to, not on the name.
struct UpstreamAddresses: Sendable {
    struct Forbidden: Error, CustomStringConvertible {
        let description = "the provider's address is not allowed by upstream.allow_private"
    }

    let allowsPrivate: Bool
    let threads: NIOThreadPool

    static func isLiteral(_ host: String) -> Bool {
        (try? SocketAddress(ipAddress: host, port: 0)) != nil
    }

    /// A literal address is judged here; a name by what it resolves to.
    func allows(host: String) -> Bool {
        guard let literal = try? SocketAddress(ipAddress: host, port: 0) else { return true }
        return allows(literal)
    }

    func allows(_ address: SocketAddress?) -> Bool {
        guard let address, let text = address.ipAddress else { return false }
        let isV6 = address.protocol == .inet6
        var bytes = [UInt8](repeating: 0, count: isV6 ? 16 : 4)
        guard inet_pton(isV6 ? AF_INET6 : AF_INET, text, &bytes) == 1 else { return false }
        return AddressPolicy.verdict(bytes, allowsPrivate: allowsPrivate) == .allowed
    }

    func resolver(on eventLoop: any EventLoop) -> any Resolver & Sendable {
        FilteringResolver(addresses: self, eventLoop: eventLoop)
    }
}

/// `getaddrinfo` on a thread of its own, its answers reduced to the allowed ones: the connection pins what was checked.
private final class FilteringResolver: Resolver, Sendable {
    private let addresses: UpstreamAddresses
    private let v4: EventLoopPromise<[SocketAddress]>
    private let v6: EventLoopPromise<[SocketAddress]>
    private let eventLoop: any EventLoop

    init(addresses: UpstreamAddresses, eventLoop: any EventLoop) {
        self.addresses = addresses
        self.eventLoop = eventLoop
        v4 = eventLoop.makePromise()
        v6 = eventLoop.makePromise()
    }

    func initiateAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> { v4.futureResult }

    func initiateAAAAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
        let (v4, v6, addresses) = (v4, v6, addresses)
        if let literal = try? SocketAddress(ipAddress: host, port: port) {
            deliver([literal])
            return v6.futureResult
        }
        addresses.threads.runIfActive(eventLoop: eventLoop) { HostAddresses.all(of: host, port: port) }
            .whenComplete { result in
                switch result {
                case .success(let found): self.deliver(found)
                case .failure(let error):
                    v6.fail(error)
                    v4.fail(error)
                }
            }
        return v6.futureResult
    }

    func cancelQueries() {}

    private func deliver(_ found: [SocketAddress]) {
        let allowed = found.filter(addresses.allows)
        guard found.isEmpty || !allowed.isEmpty else {
            v6.fail(UpstreamAddresses.Forbidden())
            v4.fail(UpstreamAddresses.Forbidden())
            return
        }
        v6.succeed(allowed.filter { $0.protocol == .inet6 })
        v4.succeed(allowed.filter { $0.protocol == .inet })
    }
}
