/// PostgreSQL's `numeric` on the wire, which sums of integers have: count, weight, sign and scale as 16-bit words, then
/// digits to the base of 10,000 (src/backend/utils/adt/numeric.c, numeric_send).
enum PostgresNumeric {
    /// The whole part; what does not fit into 64 bits comes as near as they go.
    static func int64(_ bytes: UnsafeRawBufferPointer) -> Int64 {
        guard bytes.count >= 8 else { return 0 }
        func word(_ index: Int) -> Int {
            let at = index * 2
            guard at + 1 < bytes.count else { return 0 }
            return Int(Int16(bitPattern: UInt16(bytes[at]) << 8 | UInt16(bytes[at + 1])))
        }
        let count = max(0, word(0))
        let weight = word(1)
        let isNegative = word(2) == 0x4000
        var value: Int128 = 0
        let limit = Int128(Int64.max)
        for place in 0..<max(0, weight + 1) {
            value = value * 10_000 + Int128(place < count ? word(4 + place) : 0)
            if value > limit { return isNegative ? .min : .max }
        }
        return Int64(isNegative ? -value : value)
    }
}
