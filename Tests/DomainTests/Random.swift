/// SplitMix64: small, seeded, the same everywhere, so that a failing run can be repeated by its seed.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func int(_ range: ClosedRange<Int64>) -> Int64 { Int64.random(in: range, using: &self) }

    /// True once in so many times.
    mutating func oneIn(_ count: Int64) -> Bool { int(1...count) == 1 }

    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[Int(int(0...Int64(elements.count - 1)))] }
}
