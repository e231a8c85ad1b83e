import Testing

@testable import Domain

@Suite("where providers may stand") struct AddressPolicyTests {
    @Test(
        "public addresses and names pass",
        arguments: [
            "https://api.openai.com/v1", "https://8.8.8.8", "http://[2606:4700::1111]:8443/v1", "https://172.32.0.1",
            "https://100.128.0.1", "https://metadata.example.com", "https://2130706433.example.com",
        ]
    )
    func allowed(text: String) throws {
        #expect(AddressPolicy.verdict(try BaseURL(parsing: text), allowsPrivate: false) == .allowed)
    }

    @Test(
        "private places pass only where the operator says so",
        arguments: [
            "http://127.0.0.1:9100/v1", "http://localhost:9100", "http://LOCALHOST", "http://a.localhost",
            "http://10.1.2.3",
            "http://172.16.0.1", "http://172.31.255.255", "http://192.168.1.1", "http://100.64.0.1",
            "http://[::1]:9100",
            "http://[fd00::1]", "http://[fec0::1]", "http://[::ffff:10.0.0.1]", "http://[64:ff9b::a00:1]",
            "http://[2002:a00:1::]",
            "http://127.8.8.8", "http://localhost.",
        ]
    )
    func privatePlaces(text: String) throws {
        let url = try BaseURL(parsing: text)
        #expect(AddressPolicy.verdict(url, allowsPrivate: false) == .needsAllowPrivate)
        #expect(AddressPolicy.verdict(url, allowsPrivate: true) == .allowed)
    }

    @Test(
        "these never pass",
        arguments: [
            // Link-local and metadata, in every spelling the C library would understand.
            "http://169.254.169.254", "http://[::ffff:169.254.169.254]", "http://[::ffff:a9fe:a9fe]",
            "http://[64:ff9b::a9fe:a9fe]", "http://[64:ff9b::169.254.169.254]", "http://[2002:a9fe:a9fe::1]",
            "http://[fe80::1]",
            "http://[fd00:ec2::254]", "http://100.100.100.200", "http://168.63.129.16", "http://192.0.0.192",
            "http://metadata.google.internal", "http://metadata.google.internal.", "http://metadata",
            // Odd spellings of loopback.
            "http://127.1", "http://0x7f000001", "http://0x7f.0.0.1", "http://2130706433", "http://0177.0.0.1",
            "http://0.0.0.0", "http://[::]", "http://[::127.0.0.1]", "http://1.2.3.4.5",
            "http://224.0.0.1", "http://255.255.255.255", "http://[ff02::1]", "http://[64:ff9b:1::1]", "http://[1:2]",
            "http://[1::2::3]", "http://[:::]",
            // Services that are no web servers.
            "http://db.example.com:5432", "http://example.com:22", "http://10.0.0.1:6379",
        ]
    )
    func forbidden(text: String) throws {
        let url = try BaseURL(parsing: text)
        #expect(AddressPolicy.verdict(url, allowsPrivate: true) == .forbidden)
        #expect(AddressPolicy.verdict(url, allowsPrivate: false) == .forbidden)
    }

    @Test("a group is hexadecimal digits and nothing else", arguments: ["4:-0::", "::+1", "::-0", "::1_0", "::g"])
    func groups(text: String) { #expect(AddressPolicy.parseVersion6(text) == nil) }

    @Test("an address at connect must be 4 or 16 bytes", arguments: [0, 3, 5, 15, 17])
    func counts(count: Int) {
        #expect(AddressPolicy.verdict([UInt8](repeating: 8, count: count), allowsPrivate: true) == .forbidden)
    }
}
