import NIOCore
import NIOPosix
import Testing

@testable import Gateway

@Suite("where providers may stand, at connect") struct UpstreamAddressesTests {
    private static func addresses(allowsPrivate: Bool) -> UpstreamAddresses {
        UpstreamAddresses(allowsPrivate: allowsPrivate, threads: .singleton)
    }

    @Test(
        "what was saved before the rules, or behind them, is refused here too",
        arguments: [
            ("8.8.8.8", true, true), ("2606:4700::1111", true, true), ("127.0.0.1", false, true),
            ("10.0.0.1", false, true), ("::1", false, true), ("fd00::1", false, true), ("100.64.0.1", false, true),
            ("::ffff:10.0.0.1", false, true), ("169.254.169.254", false, false),
            ("::ffff:169.254.169.254", false, false),
            ("64:ff9b::a9fe:a9fe", false, false), ("fe80::1", false, false), ("0.0.0.0", false, false),
            ("::", false, false), ("224.0.0.1", false, false), ("255.255.255.255", false, false),
        ]
    )
    func literals(text: String, isPublic: Bool, isAllowedPrivately: Bool) async throws {
        let address = try SocketAddress(ipAddress: text, port: 443)
        for (allowsPrivate, isAllowed) in [(false, isPublic), (true, isAllowedPrivately)] {
            let addresses = Self.addresses(allowsPrivate: allowsPrivate)
            #expect(addresses.allows(address) == isAllowed && addresses.allows(host: text) == isAllowed)
            let loop = MultiThreadedEventLoopGroup.singleton.next()
            let resolver = addresses.resolver(on: loop)
            let found = resolver.initiateAAAAQuery(host: text, port: 443).and(
                resolver.initiateAQuery(host: text, port: 443)
            )
            let given = try? await found.map { $0.0 + $0.1 }.get()
            #expect(given == (isAllowed ? [address] : nil), "\(text)")
        }
    }

    /// However often a name changes its mind: what is connected to is what was judged, at each connection anew.
    @Test("a name is judged by what it resolves to when it is connected to")
    func names() async throws {
        for (allowsPrivate, isAllowed) in [(false, false), (true, true)] {
            let addresses = Self.addresses(allowsPrivate: allowsPrivate)
            #expect(addresses.allows(host: "localhost"))
            let resolver = addresses.resolver(on: MultiThreadedEventLoopGroup.singleton.next())
            let found = resolver.initiateAAAAQuery(host: "localhost", port: 443)
                .and(resolver.initiateAQuery(host: "localhost", port: 443))
            let given = try? await found.map { $0.0 + $0.1 }.get()
            #expect((given?.isEmpty == false) == isAllowed)
        }
    }
}
