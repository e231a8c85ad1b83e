/// Addresses with the same leading bits, as CIDR writes them; a bare address is a range of one.
package struct AddressRange: Hashable, Sendable {
    /// The lowest of them.
    package let first: IPAddress
    /// How many leading bits they share, of the 128 of IPv6.
    package let prefixLength: Int

    /// `10.0.0.0/8`, `2001:db8::/32`, `203.0.113.7`. Bits beyond the prefix have to be 0: `10.1.2.3/8` is a slip, and
    /// nobody can tell of which half. `::/0` is every address, IPv4 too.
    package init?(parsing text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let part = parts.first, let first = IPAddress(parsing: part) else { return nil }
        self.first = first
        guard parts.count == 2 else {
            prefixLength = 128
            return
        }
        let isVersion4 = !part.utf8.contains(UInt8(ascii: ":"))
        guard (1...3).contains(parts[1].utf8.count), parts[1] == "0" || parts[1].first != "0",
            parts[1].utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains),
            let length = Int(parts[1]), length <= (isVersion4 ? 32 : 128)
        else { return nil }
        prefixLength = isVersion4 ? length + 96 : length
        // A shift by 128 leaves nothing.
        guard first.bits << UInt128(prefixLength) == 0 else { return nil }
    }

    package func contains(_ address: IPAddress) -> Bool {
        (first.bits ^ address.bits) >> UInt128(128 - prefixLength) == 0
    }
}

extension AddressRange: CustomStringConvertible {
    package var description: String {
        if prefixLength == 128 { return first.description }
        return "\(first)/\(first.isVersion4 ? prefixLength - 96 : prefixLength)"
    }
}
