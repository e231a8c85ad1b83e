import Testing

@testable import Domain

@Suite("addresses and ranges") struct AddressRangeTests {
    @Test(
        "an address has one text",
        arguments: [
            ("203.0.113.7", "203.0.113.7"), ("::ffff:203.0.113.7", "203.0.113.7"), ("::FFFF:cb00:7107", "203.0.113.7"),
            ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"), ("::", "::"), ("::1", "::1"), ("1::", "1::"),
            // The longest run of zeros, the first of two, and never for one group alone (RFC 5952, 4.2).
            ("1:0:0:2:0:0:0:3", "1:0:0:2::3"), ("1:0:0:2:3:0:0:4", "1::2:3:0:0:4"),
            ("1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"),
        ]
    )
    func texts(text: String, canonical: String) throws {
        let address = try #require(IPAddress(parsing: text))
        #expect(address.description == canonical)
        #expect(IPAddress(parsing: canonical) == address)
    }

    @Test("loopback, whatever socket it came by")
    func loopback() {
        for text in ["127.0.0.1", "127.9.9.9", "::ffff:127.0.0.1", "::1"] {
            #expect(IPAddress(parsing: text)?.isLoopback == true)
        }
        for text in ["128.0.0.1", "::2", "::7f00:1", "fe80::1"] {
            #expect(IPAddress(parsing: text)?.isLoopback == false)
        }
    }

    @Test(
        "a range holds what begins as it does",
        arguments: [
            ("10.0.0.0/8", "10.255.1.2", true), ("10.0.0.0/8", "11.0.0.0", false),
            ("10.0.0.0/8", "::ffff:10.1.1.1", true),
            ("203.0.113.7", "203.0.113.7", true), ("203.0.113.7", "203.0.113.6", false),
            ("203.0.113.6/31", "203.0.113.7", true), ("0.0.0.0/0", "8.8.8.8", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "8.8.8.8", true), ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::", false),
            ("::ffff:10.0.0.0/104", "10.7.7.7", true), ("2001:db8::1/128", "2001:db8::1", true),
        ]
    )
    func ranges(range: String, address: String, isInside: Bool) throws {
        let range = try #require(AddressRange(parsing: range))
        #expect(range.contains(try #require(IPAddress(parsing: address))) == isInside)
        #expect(AddressRange(parsing: range.description) == range)
    }

    @Test(
        "what is no range is refused, not guessed at",
        arguments: [
            "", "/", "10.0.0.0/", "/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/+8", "10.0.0.0/8/8",
            "10.1.0.0/8", "2001:db8::1/32", "2001:db8::/129", "10.0.0/8", "10.0.0.0/ 8", " 10.0.0.0/8",
            "10.0.0.0/255.0.0.0",
            "010.0.0.0/8", "localhost", "fe80::1%eth0", "1.2.3.4:80", "*", "10.0.0.0/999999999999999999999",
        ]
    )
    func noRanges(text: String) { #expect(AddressRange(parsing: text) == nil) }
}
