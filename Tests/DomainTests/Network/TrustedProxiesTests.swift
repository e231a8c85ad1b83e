import Testing

@testable import Domain

@Suite("whom a request comes from") struct TrustedProxiesTests {
    private static let proxies = TrustedProxies(
        ["10.0.0.0/8", "127.0.0.1", "2001:db8:1::/48"].compactMap { AddressRange(parsing: $0) }
    )

    @Test(
        "the last one that is no trusted proxy",
        arguments: [
            ("10.0.0.1", ["203.0.113.7"], "203.0.113.7"),
            // Spoofed from elsewhere: nobody who is not trusted is believed.
            ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"), ("203.0.113.9", ["10.0.0.1"], "203.0.113.9"),
            // Spoofed through the proxy: what the client wrote stands before what the proxy knows.
            ("10.0.0.1", ["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
            ("10.0.0.1", ["198.51.100.1", "203.0.113.7"], "203.0.113.7"),
            ("10.0.0.1", ["127.0.0.1, 203.0.113.7"], "203.0.113.7"),
            // Two proxies of ours, one behind the other.
            ("127.0.0.1", ["203.0.113.7, 10.2.3.4"], "203.0.113.7"),
            ("::ffff:127.0.0.1", ["203.0.113.7"], "203.0.113.7"),
            // A request that began at a proxy.
            ("127.0.0.1", ["10.2.3.4, 10.2.3.5"], "10.2.3.4"), ("10.0.0.1", [], "10.0.0.1"),
            // Nothing that can be read: the proxy that said it.
            ("10.0.0.1", [""], "10.0.0.1"), ("10.0.0.1", ["unknown"], "10.0.0.1"),
            ("10.0.0.1", ["203.0.113.7,"], "10.0.0.1"),
            ("10.0.0.1", ["203.0.113.7, 10.2.3.4, unknown"], "10.0.0.1"), ("10.0.0.1", ["010.1.1.1"], "10.0.0.1"),
            ("10.0.0.1", ["203.0.113.7, nonsense, 10.2.3.4"], "10.2.3.4"), ("10.0.0.1", ["1.2.3.4:x"], "10.0.0.1"),
            ("10.0.0.1", ["[203.0.113.7]"], "10.0.0.1"), ("10.0.0.1", ["[2001:db8::7"], "10.0.0.1"),
            // Ports, brackets, spaces.
            ("10.0.0.1", ["\t203.0.113.7:4711 "], "203.0.113.7"), ("10.0.0.1", ["[2001:db8::7]:4711"], "2001:db8::7"),
            ("10.0.0.1", ["[2001:db8::7]"], "2001:db8::7"), ("10.0.0.1", ["2001:db8::7"], "2001:db8::7"),
            ("2001:db8:1::5", ["::ffff:203.0.113.7"], "203.0.113.7"),
        ] as [(String, [String], String)]
    )
    func client(peer: String, forwardedFor: [String], client: String) throws {
        let peer = try #require(IPAddress(parsing: peer))
        #expect(Self.proxies.client(of: peer, forwardedFor: forwardedFor).description == client)
        #expect(TrustedProxies.none.client(of: peer, forwardedFor: forwardedFor) == peer)
    }

    @Test("a way longer than any real one is not walked to its end")
    func longWay() throws {
        let peer = try #require(IPAddress(parsing: "10.0.0.1"))
        let way = "203.0.113.7, " + Array(repeating: "10.9.9.9", count: 5_000).joined(separator: ", ")
        #expect(Self.proxies.client(of: peer, forwardedFor: [way]).description == "10.9.9.9")
    }
}
