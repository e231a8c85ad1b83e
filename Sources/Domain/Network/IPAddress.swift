/// A host's address. An IPv4 address is kept in its IPv6 form (`::ffff:a.b.c.d`), so that one host has one address
/// whatever socket it came by.
package struct IPAddress: Hashable, Sendable {
    package let bits: UInt128

    package init(bits: UInt128) { self.bits = bits }

    /// `203.0.113.7`, `2001:db8::1`: no zone, no port, no leading zeros.
    package init?(parsing text: some StringProtocol) {
        if text.utf8.contains(UInt8(ascii: ":")) {
            guard let bytes = AddressPolicy.parseVersion6(text) else { return nil }
            bits = bytes.reduce(0) { $0 << 8 | UInt128($1) }
        } else {
            guard let bytes = AddressPolicy.parseVersion4(text) else { return nil }
            bits = bytes.reduce(0xFFFF) { $0 << 8 | UInt128($1) }
        }
    }

    package var isVersion4: Bool { bits >> 32 == 0xFFFF }

    package var isLoopback: Bool { isVersion4 ? UInt8(truncatingIfNeeded: bits >> 24) == 127 : bits == 1 }
}

extension IPAddress: CustomStringConvertible {
    /// As RFC 5952 wants it: one text for one address.
    package var description: String {
        if isVersion4 {
            return [24, 16, 8, 0].map { String(UInt8(truncatingIfNeeded: bits >> $0)) }.joined(separator: ".")
        }
        let groups = (0..<8).map { UInt16(truncatingIfNeeded: bits >> (112 - 16 * $0)) }
        let zeros = Self.longestZeros(groups)
        let text = { (part: ArraySlice<UInt16>) in part.map { String($0, radix: 16) }.joined(separator: ":") }
        guard zeros.count > 1 else { return text(groups[...]) }
        return text(groups[..<zeros.lowerBound]) + "::" + text(groups[zeros.upperBound...])
    }

    /// The first among equals.
    private static func longestZeros(_ groups: [UInt16]) -> Range<Int> {
        var longest = 0..<0
        var start = 0
        for (index, group) in groups.enumerated() {
            if group != 0 {
                start = index + 1
            } else if index + 1 - start > longest.count {
                longest = start..<index + 1
            }
        }
        return longest
    }
}
