import Domain
import Foundation
import Fuzzing
import Testing

@Suite("Fuzz: where providers stand")
struct FuzzAddresses {
    private static let words = [
        "http://", "https://", "localhost", "127.0.0.1", "[::1]", "::", ":", "/", "//", "/v1", "@", "user:pw@", "#",
        "?",
        "%2e", "%00", "\\", "..", ".", "0x7f", "0x", "017700000001", "2130706433", "::ffff:", "[", "]", ":443", ":80",
        ":0", ":65535", "169.254.169.254", "metadata", "example.com", "\r\n", "\t", " ", "\u{212A}", "İ", "%25eth0",
        "64:ff9b::",
        "fe80::", "2002:7f00:1::", "0.0.0.0", "255.255.255.255", "1.2.3.04",
    ]

    @Test("an accepted base URL is what Foundation reads, is read back, and hides no address from the policy")
    func baseURLs() async throws {
        try await Fuzzer(
            "base-urls",
            seeds: [
                "https://api.openai.com/v1", "http://127.0.0.1:8080", "http://[::1]:8080/v1/",
                "https://EXAMPLE.com:443",
                "https://api.example.com/openai/deployments/gpt-4o", "http://localhost./", "http://0x7f.1/",
                "http://[fd00::1]",
            ],
            words: Self.words,
            largestBytes: 300
        ) { run in
            let text = run.text
            let url: BaseURL
            do throws(BaseURL.Problem) {
                url = try BaseURL(parsing: text)
            } catch {
                run.note("\(error)")
                return
            }
            run.note("port \(url.port == 80) \(url.port == 443) path \(url.path.split(separator: "/").count)")
            let printed = url.description
            try run.expect((try? BaseURL(parsing: printed)) == url, "printed as \(printed)")
            // Printed it would be anyway: the Kelvin sign becomes a letter when it is lower-cased.
            try run.expect(text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "holds more than visible ASCII")
            try run.expect(url.host == url.host.lowercased() && (1...65_535).contains(url.port), "host or port")
            try run.expect(url.path.isEmpty || (url.path.hasPrefix("/") && !url.path.hasSuffix("/")), "path")
            // What a client of another make would connect to.
            if let other = URLComponents(string: text) {
                let bare = other.host?.lowercased().trimmingCharacters(in: ["[", "]"])
                try run.expect(bare == url.host, "host \(url.host), Foundation reads \(bare ?? "none")")
                try run.expect((other.port ?? (url.isTLS ? 443 : 80)) == url.port, "port \(url.port)")
                try run.expect(other.user == nil && other.query == nil && other.fragment == nil, "more than a path")
            }
            try Self.checkVerdict(url, &run)
        }.run()
    }

    private static func checkVerdict(_ url: BaseURL, _ run: inout FuzzRun) throws {
        let strict = AddressPolicy.verdict(url, allowsPrivate: false)
        let lenient = AddressPolicy.verdict(url, allowsPrivate: true)
        run.note("\(strict)")
        try run.expect(
            strict == lenient || (strict == .needsAllowPrivate && lenient == .allowed),
            "\(strict), \(lenient)"
        )
        guard strict == .allowed else { return }
        // Whatever the C library takes for an address without asking DNS must be judged as that address.
        var version4 = in_addr()
        if inet_aton(url.host, &version4) != 0 {
            let bytes = withUnsafeBytes(of: &version4) { Array($0) }
            try run.expect(AddressPolicy.verdict(bytes, allowsPrivate: false) == .allowed, "leads to \(bytes)")
        }
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(url.host, nil, &hints, &found) == 0, let first = found else { return }
        defer { freeaddrinfo(first) }
        guard first.pointee.ai_family == AF_INET6, let address = first.pointee.ai_addr else { return }
        let bytes = address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { pointer in
            withUnsafeBytes(of: pointer.pointee.sin6_addr) { Array($0) }
        }
        try run.expect(AddressPolicy.verdict(bytes, allowsPrivate: false) == .allowed, "leads to \(bytes)")
    }

    @Test("literal addresses are read exactly as the C library's strict reader reads them")
    func literals() async throws {
        try await Fuzzer(
            "addresses",
            seeds: [
                "127.0.0.1", "0.0.0.0", "255.255.255.255", "::", "::1", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:1.2.3.4",
                "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:c0a8:101::", "fe80::1", "1::8", "1:2:3:4:5:6:7::",
            ],
            words: Self.words,
            largestBytes: 60
        ) { run in
            let text = run.text
            let version4 = AddressPolicy.parseVersion4(text)
            let version6 = AddressPolicy.parseVersion6(text)
            // Past a NUL the C library reads nothing.
            if !text.utf8.contains(0) {
                let (theirs4, theirs6) = (Self.bytes(text, AF_INET, 4), Self.bytes(text, AF_INET6, 16))
                try run.expect(version4 == theirs4, "IPv4 \(version4 ?? []), inet_pton reads \(theirs4 ?? [])")
                try run.expect(version6 == theirs6, "IPv6 \(version6 ?? []), inet_pton reads \(theirs6 ?? [])")
            } else {
                try run.expect(version4 == nil && version6 == nil, "an address with a NUL")
            }
            run.note(text.split(separator: ":", omittingEmptySubsequences: false).count)
            if let version6 { run.note("\(AddressPolicy.verdict(version6, allowsPrivate: false))") }
            guard let version4 else { return }
            let verdict = AddressPolicy.verdict(version4, allowsPrivate: false)
            run.note("4 \(verdict)")
            let zeros = [UInt8](repeating: 0, count: 10)
            for (name, wrapped) in [
                ("mapped", zeros + [0xFF, 0xFF] + version4),
                ("NAT64", [0, 0x64, 0xFF, 0x9B] + zeros.dropLast(2) + version4),
                ("6to4", [0x20, 0x02] + version4 + zeros),
            ] {
                try run.expect(
                    AddressPolicy.verdict(wrapped, allowsPrivate: false) == verdict,
                    "otherwise when \(name)"
                )
            }
        }.run()
    }

    private static func bytes(_ text: String, _ family: Int32, _ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        return inet_pton(family, text, &bytes) == 1 ? bytes : nil
    }
}
