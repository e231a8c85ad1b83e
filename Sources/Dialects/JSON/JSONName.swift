/// Names as lenient readers compare them.
///
/// Go's `encoding/json`, in which many upstreams and proxies are written, takes `Max_Tokens` for `max_tokens` and the last
/// of the two for the value; with it go U+017F for s and U+212A for k. Others lower İ, or raise ı, to an i.
enum JSONName {
    /// `name`, unescaped, in small letters; nil where it holds neither capitals nor any of those letters.
    static func folded(_ bytes: UnsafeRawBufferPointer, _ name: Range<Int>, hasEscapes: Bool = false) -> [UInt8]? {
        guard hasEscapes || name.contains(where: { isFoldable(bytes[$0]) }) else { return nil }
        var plain: [UInt8] = []
        if hasEscapes { JSONString.unescape(bytes, name, into: &plain) } else { plain.append(contentsOf: bytes[name]) }
        var folded: [UInt8] = []
        folded.reserveCapacity(plain.count)
        var index = 0
        while index < plain.count {
            let byte = plain[index]
            let next = index + 1 < plain.count ? plain[index + 1] : 0
            switch (byte, next) {
            case (UInt8(ascii: "A")...UInt8(ascii: "Z"), _):
                folded.append(byte | 0x20)
                index += 1
            case (0xC5, 0xBF):
                folded.append(UInt8(ascii: "s"))
                index += 2
            case (0xC4, 0xB0), (0xC4, 0xB1):
                folded.append(UInt8(ascii: "i"))
                index += 2
            case (0xE2, 0x84) where index + 2 < plain.count && plain[index + 2] == 0xAA:
                folded.append(UInt8(ascii: "k"))
                index += 3
            default:
                folded.append(byte)
                index += 1
            }
        }
        return folded == plain ? nil : folded
    }

    /// Whether a name is `text`, which is in small letters, in any spelling.
    static func isEqual(_ bytes: UnsafeRawBufferPointer, _ name: Range<Int>, _ text: StaticString) -> Bool {
        guard let base = bytes.baseAddress else { return false }
        if Bytes.equal(base, name.lowerBound, name.upperBound, text) { return true }
        let hasEscapes = Bytes.first(UInt8(ascii: "\\"), base, name.lowerBound, name.upperBound) < name.upperBound
        if hasEscapes, JSONString.isEqual(bytes, name, text) { return true }
        guard let folded = folded(bytes, name, hasEscapes: hasEscapes) else { return false }
        return folded.withUnsafeBytes { folded in
            folded.baseAddress.map { Bytes.equal($0, 0, folded.count, text) } ?? false
        }
    }

    @inline(__always)
    private static func isFoldable(_ byte: UInt8) -> Bool {
        byte >= 0x80 || byte &- UInt8(ascii: "A") < 26
    }
}
