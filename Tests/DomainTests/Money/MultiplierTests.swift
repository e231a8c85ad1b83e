import Testing

@testable import Domain

@Suite("Multiplier")
struct MultiplierTests {
    @Test(
        "rounds once, half to even; a bound rounds up",
        arguments: [
            // 0.5: one half goes to the even neighbour.
            (5_000, 1, 0, 1), (5_000, 3, 2, 2), (5_000, 5, 2, 3), (5_000, 7, 4, 4), (5_000, 4, 2, 2),
            // 0.85 of 1 is more than a half, 0.15 of 1 less.
            (8_500, 1, 1, 1), (1_500, 1, 0, 1), (12_345, 10_000, 12_345, 12_345), (10_000, 7, 7, 7), (0, 7, 0, 0),
            (1, 5_000, 0, 1), (1, 5_001, 1, 1), (1, 15_000, 2, 2), (1, 25_000, 2, 3),
        ]
    )
    func rounds(basisPoints: Int64, picos: Int64, exact: Int64, up: Int64) throws {
        let multiplier = try Multiplier(basisPoints: basisPoints)
        #expect(try multiplier.apply(to: Int128(picos)).picoDollars == exact)
        #expect(try multiplier.applyRoundingUp(to: Int128(picos)).picoDollars == up)
    }

    @Test(
        "reads at most four decimals, from 0 to 1000",
        arguments: [
            ("1.0", 10_000), ("1", 10_000), ("0.85", 8_500), ("1.2345", 12_345), ("0", 0), ("1000", 10_000_000),
        ]
    )
    func reads(text: String, basisPoints: Int64) throws {
        #expect(try Multiplier(parsing: text).basisPoints == basisPoints)
    }

    @Test("refuses others", arguments: ["1.23456", "-1", "1000.0001", "1,5", "", "1e2", "-0"])
    func refuses(text: String) {
        #expect(throws: MoneyError.self) { try Multiplier(parsing: text) }
    }

    @Test("prints as it reads", arguments: [("1.0", 10_000), ("0.85", 8_500), ("0.0001", 1), ("1000.0", 10_000_000)])
    func prints(text: String, basisPoints: Int64) throws {
        #expect(try Multiplier(basisPoints: basisPoints).description == text)
    }

    @Test("overflow is an error")
    func overflows() throws {
        let thousand = try Multiplier(basisPoints: Multiplier.largestBasisPoints)
        #expect(throws: MoneyError.overflow) { try thousand.apply(to: Int128(Int64.max)) }
        #expect(throws: MoneyError.overflow) { try thousand.apply(to: .max) }
        #expect(throws: MoneyError.overflow) { try thousand.applyRoundingUp(to: .max) }
        #expect(throws: MoneyError.overflow) { try Multiplier.one.apply(to: .max) }
    }
}
