import Testing

@testable import Domain
@testable import Storage

@Suite("roll-ups", .everyEngine, .namesEngine)
struct RollupDeltaTests {
    private static let call = Books.call(1)

    private static func settlement(_ number: UInt64, charge: Int64) -> (Settlement, Closing) {
        let hold = Hold(
            groupID: Books.group,
            multiplier: .one,
            amount: Money(picoDollars: charge),
            outputLimit: 1,
            isClamped: false,
            parts: []
        )
        let settlement = Books.settlement(number, hold: hold, charge: Money(picoDollars: charge))
        let closing = Closing(
            action: .close,
            state: .captured,
            charge: Money(picoDollars: charge),
            chargeDelta: Money(picoDollars: charge),
            excess: .zero,
            flags: [],
            parts: [],
            entries: []
        )
        return (settlement, closing)
    }

    @Test(
        "sums end below Int64 and say so, within a batch and from batch to batch",
        arguments: [
            ([[1, 2], [3]], 6, false),
            ([[5_000_000_000_000_000_000, 5_000_000_000_000_000_000]], 9_000_000_000_000_000_000, true),
            // What does not fit is left out; what is there stands.
            ([[5_000_000_000_000_000_000], [5_000_000_000_000_000_000], [7]], 5_000_000_000_000_000_007, true),
            ([[.max, .max], [.max]], 9_000_000_000_000_000_000, true),
        ] as [([[Int64]], Int64, Bool)]
    )
    func saturates(batches: [[Int64]], charge: Int64, isSaturated: Bool) throws {
        let stage = try TestDatabase()
        let database = stage.database
        var number: UInt64 = 0
        for batch in batches {
            var rollups = Rollups()
            for charge in batch {
                number += 1
                let (settlement, closing) = Self.settlement(number, charge: charge)
                rollups.add(settlement, closing: closing, cacheSavings: .zero)
            }
            try database.write { try rollups.flush(replica: ReplicaID(1), now: Instant(microseconds: 0), $0) }
        }
        let rows = try database.read { connection in
            // A sum that had left its column would be no integer of SQLite's any more.
            let kind = Engine.current == .sqlite ? "typeof(charge)" : "'integer'"
            return try connection.query("SELECT requests, charge, is_saturated, \(kind) FROM usage_rollups") {
                ($0.int64(0), $0.int64(1), $0.bool(2), $0.text(3))
            }
        }
        #expect(rows.count == UsageDimension.allCases.count)
        for row in rows { #expect(row == (Int64(number), charge, isSaturated, "integer")) }
    }

    @Test(
        "a duration falls into one slot",
        arguments: [
            (0, UsageFigure.under100Milliseconds), (99, .under100Milliseconds), (100, .under300Milliseconds),
            (2_999, .under3Seconds), (29_999, .under30Seconds), (30_000, .slower), (.max, .slower),
            (-5, .under100Milliseconds),
        ] as [(Int64, UsageFigure)]
    )
    func slots(milliseconds: Int64, column: UsageFigure) {
        let delta = RollupDelta.settled(
            state: .captured,
            usage: Usage(),
            charge: .zero,
            cost: .zero,
            excess: .zero,
            cacheSavings: .zero,
            statusCode: 200,
            durationMilliseconds: milliseconds
        )
        let slots = UsageFigure.allCases.filter {
            $0.rawValue >= UsageFigure.under100Milliseconds.rawValue
        }
        #expect(slots.filter { delta[$0] == 1 } == [column])
    }
}
