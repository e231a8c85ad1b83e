import Domain
import Testing

@Suite("following calls") struct CallMarkTests {
    /// A call that began at a millisecond.
    private static func id(_ milliseconds: UInt64, _ number: UInt64 = 0) -> CallID {
        CallID(high: milliseconds << 16 | 0x7000, low: number)
    }

    private static func glance(_ id: CallID, hasEnded: Bool) -> CallGlance {
        CallGlance(
            id: id,
            hasEnded: hasEnded,
            userID: UserID(1),
            keyID: APIKeyID(1),
            modelID: ModelID(1),
            providerID: ProviderID(1),
            groupID: ModelGroupID(1)
        )
    }

    /// What is found in one reading, by milliseconds, and what of it is told.
    struct Reading: Sendable {
        var newest: UInt64?
        var open: [UInt64] = []
        var ended: [UInt64] = []
        /// Beginnings first, then `-` and endings.
        let told: [Int64]
    }

    @Test(
        "each beginning and each ending is told once, in whatever order calls come to light",
        arguments: [
            ("nothing", [Reading(told: []), Reading(newest: 10_000, told: [])]),
            (
                "begins, runs, ends",
                [
                    Reading(newest: 10_000, told: []), Reading(newest: 10_001, open: [10_001], told: [10_001]),
                    Reading(newest: 10_001, open: [10_001], told: []),
                    Reading(newest: 10_001, ended: [10_001], told: [-10_001]),
                    Reading(newest: 10_001, told: []),
                ]
            ),
            (
                "ends within one reading, and is found open beside its ending",
                [
                    Reading(newest: 10_000, told: []),
                    Reading(newest: 10_002, open: [10_001], ended: [10_001, 10_002], told: [-10_001, -10_002]),
                ]
            ),
            (
                "is written later than a newer one",
                [
                    Reading(newest: 10_000, told: []), Reading(newest: 10_009, open: [10_009], told: [10_009]),
                    Reading(newest: 10_009, open: [10_004, 10_009], told: [10_004]),
                ]
            ),
            (
                "began before anybody looked, and runs on",
                [
                    Reading(newest: 20_000, told: []), Reading(newest: 20_000, open: [14_999], told: []),
                    Reading(newest: 20_000, ended: [14_999], told: [-14_999]),
                ]
            ),
            (
                "a clock that is days ahead and one that is not: endings of both",
                [
                    Reading(newest: 90_000_000, open: [90_000_000], told: [90_000_000]),
                    Reading(newest: 90_000_000, open: [10_000, 90_000_000], ended: [10_000], told: [-10_000]),
                ]
            ),
            (
                "is corrected, twice in one reading",
                [Reading(newest: 10_000, ended: [10_000, 9_000, 10_000], told: [-10_000, -9_000])]
            ),
        ] as [(String, [Reading])]
    )
    func readings(name: String, readings: [Reading]) {
        var mark = CallMark()
        for (index, reading) in readings.enumerated() {
            let told = mark.advance(
                newest: reading.newest.map { Self.id($0) },
                open: reading.open.map { Self.glance(Self.id($0), hasEnded: false) },
                ended: reading.ended.map { Self.glance(Self.id($0), hasEnded: true) }
            )
            let times = told.map { Int64($0.id.high >> 16) * ($0.hasEnded ? -1 : 1) }
            #expect(times == reading.told, "\(name), \(index)")
        }
    }

    @Test("what is remembered stays within the window, whatever comes")
    func bounded() {
        var mark = CallMark()
        for second in 0..<1_000 as Range<UInt64> {
            let ids = (0..<200).map { Self.id(second * 1_000 + 500, $0) }
            let told = mark.advance(
                newest: ids.last,
                open: ids.map { Self.glance($0, hasEnded: false) },
                ended: []
            )
            #expect(told.count == 200)
        }
        #expect(mark.window == CallID(high: (999_500 - 5_000) << 16, low: 0) && mark.begun.count == 200 * 6)
    }
}
