/// Xorshift64*: small, seeded, the same everywhere.
package struct FuzzRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed == 0 ? 0x9E37_79B9_7F4A_7C15 : seed }

    package mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }

    /// From 0 up to and without `bound`; 0 where there is nothing to choose from.
    package mutating func below(_ bound: Int) -> Int {
        bound > 1 ? Int(truncatingIfNeeded: (next() >> 33) % UInt64(bound)) : 0
    }

    /// True once in so many times.
    package mutating func oneIn(_ count: Int) -> Bool { below(count) == 0 }

    /// Mostly small or at the edges of `Int64`, now and then anywhere.
    package mutating func integer() -> Int64 {
        let power = Int64(1) << Int64(below(63))
        switch below(6) {
        case 0: return Int64(below(300))
        case 1: return power
        case 2: return power - 1
        case 3: return -power
        case 4: return oneIn(2) ? .max : .min
        default: return Int64(bitPattern: next())
        }
    }

    /// As ``integer()``, never negative.
    package mutating func count() -> Int64 { integer() & .max }

    package mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}
