import Testing

@testable import Domain

@Suite("Call ids")
struct CallIDTests {
    @Test("are UUIDs of version 7 and read back", arguments: [1, 2] as [UInt64])
    func roundTrip(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        for _ in 0..<500 {
            let instant = Instant(microseconds: random.int(0...4_000_000_000_000_000))
            let id = CallID(at: instant, random: (random.next(), random.next()))
            let text = id.description
            #expect(text.utf8.count == 36)
            #expect(text[text.index(text.startIndex, offsetBy: 14)] == "7")
            #expect("89ab".contains(text[text.index(text.startIndex, offsetBy: 19)]))
            #expect(CallID(parsing: text) == id)
            #expect(CallID(parsing: text.uppercased()) == id)
            #expect(Int64(id.high >> 16) == instant.microseconds / 1_000)
        }
    }

    @Test("the text of RFC 9562's example")
    func example() {
        let id = CallID(
            at: Instant(microseconds: 1_645_557_742_000_000),
            random: (0xCC3, 0x18C4_DC0C_0C07_398F << 2)
        )
        #expect(id.description == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
    }

    @Test("sort by time, as text too, whatever their random bits")
    func order() {
        var random = SeededRandom(seed: 9)
        var earlier = CallID(at: Instant(microseconds: 0), random: (.max, .max))
        for millisecond in 1...300 {
            let later = CallID(
                at: Instant(microseconds: Int64(millisecond) * 1_000),
                random: (random.next(), random.next())
            )
            #expect(earlier < later)
            #expect(earlier.description < later.description)
            earlier = later
        }
    }

    @Test("a clock before 1970 does not trap")
    func before1970() {
        #expect(CallID(at: Instant(microseconds: -1), random: (0, 0)).high == 0x7000)
    }

    @Test(
        "other texts are no ids",
        arguments: [
            "", "017f22e2", "017f22e279b07cc398c4dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
            "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0", "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
            "{17f22e2-79b0-7cc3-98c4-dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f\n",
            "-17f22e2-79b0-7cc3-98c4-dc0c0c07398f", "017f22e279-b0-7cc3-98c4-dc0c0c07398f",
            "٠17f22e2-79b0-7cc3-98c4-dc0c0c07398f",
        ]
    )
    func refuses(text: String) {
        #expect(CallID(parsing: text) == nil)
    }
}
