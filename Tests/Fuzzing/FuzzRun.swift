/// One input and what reading it showed.
package struct FuzzRun {
    package let input: [UInt8]
    /// Drawn from the input alone, so that the input alone repeats a run.
    package var random: FuzzRandom
    /// A hash of everything noted: inputs with a new one are kept and mutated further.
    private(set) var signature: UInt64

    package init(_ input: [UInt8]) {
        self.input = input
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in input { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        random = FuzzRandom(seed: hash)
        signature = 0xCBF2_9CE4_8422_2325
    }

    package var text: String { String(decoding: input, as: UTF8.self) }

    /// Says what kind of outcome this is; never the input's own values, or every input is new.
    package mutating func note(_ outcome: String) {
        for byte in outcome.utf8 { signature = (signature ^ UInt64(byte)) &* 0x100_0000_01B3 }
        signature = (signature ^ 0xFF) &* 0x100_0000_01B3
    }

    package mutating func note(_ outcome: Int) {
        signature = (signature ^ UInt64(bitPattern: Int64(outcome))) &* 0x100_0000_01B3
        signature ^= signature >> 29
    }

    /// As ``note(_:)-(Int)`` with the number's magnitude alone: 0, 1, 2, 4, 8 …
    package mutating func note(magnitudeOf number: some BinaryInteger) {
        note(64 - UInt64(clamping: number.magnitude).leadingZeroBitCount + (number < 0 ? 100 : 0))
    }

    /// - Throws: `FuzzFailure` if the property does not hold.
    package func expect(_ holds: @autoclosure () throws -> Bool, _ property: @autoclosure () -> String) throws {
        if try !holds() { throw FuzzFailure(property: property()) }
    }

    /// The input as several pieces in order, some of them empty; now and then a stretch byte by byte.
    package mutating func pieces() -> [ArraySlice<UInt8>] {
        var cuts = (0..<(1 + random.below(6))).map { _ in random.below(input.count + 1) }
        if random.oneIn(4) { cuts += cuts[0]..<min(cuts[0] + 48, input.count) }
        cuts.sort()
        var pieces: [ArraySlice<UInt8>] = []
        var start = 0
        for cut in cuts {
            pieces.append(input[start..<cut])
            start = cut
        }
        pieces.append(input[start...])
        return pieces
    }
}

/// A property that an input broke.
package struct FuzzFailure: Error {
    package let property: String

    package init(property: String) { self.property = property }
}
