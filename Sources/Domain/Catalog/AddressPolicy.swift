/// Which addresses a provider may stand at. Asked on save for what a base URL says, and at connect for the address
/// actually taken, so that neither an odd spelling nor a changed name in DNS leads inside.
package enum AddressPolicy {
    package enum Verdict: Hashable, Sendable {
        case allowed
        /// Loopback, private or shared: refused unless the operator allows such upstreams.
        case needsAllowPrivate
        /// Link-local, metadata services, multicast, unspecified, or no way to write an address: never allowed.
        case forbidden
    }

    /// - Parameter bytes: 4 of IPv4 or 16 of IPv6, in network order; any other count is forbidden.
    package static func verdict(_ bytes: [UInt8], allowsPrivate: Bool) -> Verdict {
        let verdict: Verdict
        switch bytes.count {
        case 4: verdict = version4(bytes)
        case 16: verdict = version6(bytes)
        default: verdict = .forbidden
        }
        return verdict == .needsAllowPrivate && allowsPrivate ? .allowed : verdict
    }

    /// What can be told of a base URL without asking DNS: literal addresses, names of this host and of metadata
    /// services, ports of services that are no web servers.
    package static func verdict(_ url: BaseURL, allowsPrivate: Bool) -> Verdict {
        refusedPorts.contains(url.port) ? .forbidden : verdict(host: url.host, allowsPrivate: allowsPrivate)
    }

    /// The same of a mail server: its ports are for mail, or of nobody in particular.
    package static func verdict(mailHost host: String, port: Int, allowsPrivate: Bool) -> Verdict {
        guard mailPorts.contains(port) || port >= 1_024 && !refusedPorts.contains(port) else { return .forbidden }
        return verdict(host: host, allowsPrivate: allowsPrivate)
    }

    private static let mailPorts: Set<Int> = [25, 465, 587]

    private static func verdict(host name: String, allowsPrivate: Bool) -> Verdict {
        let host = name.hasSuffix(".") ? String(name.dropLast()) : name
        if host.contains(":") {
            guard let bytes = parseVersion6(host) else { return .forbidden }
            return verdict(bytes, allowsPrivate: allowsPrivate)
        }
        let lastLabel = host.split(separator: ".", omittingEmptySubsequences: false).last ?? ""
        // The C library reads 127.1, 0x7f000001 and 017700000001 as addresses; nobody writes them in good faith.
        if lastLabel.utf8.allSatisfy(isDigit) || lastLabel.hasPrefix("0x") {
            guard let bytes = parseVersion4(host) else { return .forbidden }
            return verdict(bytes, allowsPrivate: allowsPrivate)
        }
        if metadataNames.contains(host) { return .forbidden }
        if host == "localhost" || host.hasSuffix(".localhost") { return allowsPrivate ? .allowed : .needsAllowPrivate }
        return .allowed
    }

    private static let metadataNames: Set<String> = [
        "metadata", "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal",
    ]

    /// Mail, shells, databases, caches, queues: places where an HTTP request does harm or tells secrets.
    private static let refusedPorts: Set<Int> = [
        20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111,
        113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532,
        540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1433, 1521, 2049, 2375, 2376, 2379, 2380, 3306,
        3389,
        5432, 5672, 6379, 9042, 9092, 11_211, 27_017,
    ]

    // MARK: - Ranges

    private static func version4(_ bytes: [UInt8]) -> Verdict {
        switch (bytes[0], bytes[1], bytes[2], bytes[3]) {
        case (0, _, _, _), (169, 254, _, _), (224..., _, _, _): .forbidden
        // Metadata services outside the link-local range: Alibaba, Azure, Oracle and the protocol assignments.
        case (100, 100, 100, 200), (168, 63, 129, 16), (192, 0, 0, _): .forbidden
        case (192, 88, 99, _): .forbidden
        case (10, _, _, _), (127, _, _, _), (172, 16...31, _, _), (192, 168, _, _), (100, 64...127, _, _):
            .needsAllowPrivate
        case (192, 0, 2, _), (198, 18...19, _, _), (198, 51, 100, _), (203, 0, 113, _): .needsAllowPrivate
        default: .allowed
        }
    }

    private static func version6(_ bytes: [UInt8]) -> Verdict {
        let groups = stride(from: 0, to: 16, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
        let last = Array(bytes[12...])
        switch (groups[0], groups[1]) {
        case (0, 0):
            guard groups[2] == 0, groups[3] == 0, groups[4] == 0 else { return .forbidden }
            if groups[5] == 0xFFFF { return version4(last) }
            guard groups[5] == 0 else { return .forbidden }
            if groups[6] == 0, groups[7] == 1 { return .needsAllowPrivate }
            // :: itself and the long abandoned ::a.b.c.d
            return .forbidden
        case (0x64, 0xFF9B):
            // NAT64 leads to the IPv4 address inside; its local-use prefix may lead anywhere.
            return groups[2...5].allSatisfy { $0 == 0 } ? version4(last) : .forbidden
        case (0x2002, _):
            return version4(Array(bytes[2..<6]))
        case (0x2001, 0), (0x100, _), (0xFE80...0xFEBF, _), (0xFF00..., _):
            return .forbidden
        case (0xFD00, 0xEC2) where groups[2...6].allSatisfy { $0 == 0 } && groups[7] == 0x254:
            return .forbidden
        case (0xFC00...0xFDFF, _), (0xFEC0...0xFEFF, _), (0x2001, 0xDB8):
            return .needsAllowPrivate
        default:
            return .allowed
        }
    }

    // MARK: - Literals

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
    }

    /// Four decimal numbers without leading zeros, nothing else.
    package static func parseVersion4(_ text: some StringProtocol) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy(isDigit), part == "0" || part.first != "0",
                let byte = UInt8(part)
            else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    /// RFC 4291 §2.2 without a zone: eight groups, one `::`, or a dotted IPv4 at the end.
    package static func parseVersion6(_ text: some StringProtocol) -> [UInt8]? {
        guard text.utf8.count <= 45 else { return nil }
        let halves = text.split(separator: "::", maxSplits: 2, omittingEmptySubsequences: false)
        guard halves.count <= 2 else { return nil }
        var parsed: [[UInt8]] = []
        for (index, half) in halves.enumerated() {
            guard let bytes = groups(half, mayEndInVersion4: index == halves.count - 1) else { return nil }
            parsed.append(bytes)
        }
        if parsed.count == 1 { return parsed[0].count == 16 ? parsed[0] : nil }
        let missing = 16 - parsed[0].count - parsed[1].count
        guard missing >= 2 else { return nil }
        return parsed[0] + [UInt8](repeating: 0, count: missing) + parsed[1]
    }

    private static func groups(_ text: some StringProtocol, mayEndInVersion4: Bool) -> [UInt8]? {
        if text.isEmpty { return [] }
        var bytes: [UInt8] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if part.contains(".") {
                guard mayEndInVersion4, index == parts.count - 1, let tail = parseVersion4(part) else { return nil }
                bytes += tail
            } else {
                // A sign would be read too: `-0` is a number.
                guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy(isHexDigit),
                    let group = UInt16(part, radix: 16)
                else { return nil }
                bytes += [UInt8(group >> 8), UInt8(group & 0xFF)]
            }
        }
        return bytes.count <= 16 ? bytes : nil
    }
}
