import Testing

@testable import Domain

@Suite("Money")
struct MoneyTests {
    @Test(
        "reads plain decimals",
        arguments: [
            ("0", 0), ("0.00", 0), ("1", 1_000_000_000_000), ("1.5", 1_500_000_000_000), ("-3.25", -3_250_000_000_000),
            ("0.000000000001", 1), ("-0.000000000001", -1), ("007", 7_000_000_000_000),
            // Zeros beyond the last decimal lose nothing.
            ("1.0000000000000", 1_000_000_000_000), ("0.0000000000010", 1),
            ("9223372.036854775807", Int64.max), ("-9223372.036854775808", Int64.min),
        ]
    )
    func reads(text: String, picos: Int64) throws {
        #expect(try Money(parsing: text).picoDollars == picos)
    }

    @Test(
        "refuses everything else",
        arguments: [
            "", " ", " 1", "1 ", "+1", "-", "--1", "1-", "1,5", "12abc", "abc", "1e-7", "1E3", "0x10", "1_000", "1.2.3",
            ".", ".5", "5.", "-.5", "-0", "-0.00", "$1", "1$", "NaN", "inf", "-inf", "١٢", "１", "1\u{301}", "1\0", "\0",
            "½",
            "1\n", "1’000", "−1",
            // Thirteen decimals: the last digit would be lost.
            "0.0000000000001", "1.0000000000005",
            // Longer than any amount.
            "00000000000000000000000000000000000000001", "1.0000000000000000000000000000000000000000",
        ]
    )
    func refuses(text: String) {
        #expect(throws: MoneyError.malformed) { try Money(parsing: text) }
    }

    @Test(
        "says overflow for numbers that are none of ours",
        arguments: [
            "9223372.036854775808", "-9223372.036854775809", "9223373", "-9223373", "99999999999999999999",
            "9223372036854775808", "1000000000000000000000000000000000000000", "9223372036854775807",
        ]
    )
    func overflows(text: String) {
        #expect(throws: MoneyError.overflow) { try Money(parsing: text) }
    }

    @Test(
        "prints the shortest exact decimal, with cents",
        arguments: [
            (0, "0.00"), (1, "0.000000000001"), (-1, "-0.000000000001"), (1_500_000_000_000, "1.50"),
            (-3_250_000_000_000, "-3.25"), (10_000_000_000, "0.01"), (1_000_000_000, "0.001"),
            (123_456_789_012_345, "123.456789012345"), (Int64.max, "9223372.036854775807"),
            (Int64.min, "-9223372.036854775808"),
        ]
    )
    func prints(picos: Int64, text: String) {
        #expect(Money(picoDollars: picos).description == text)
    }

    @Test("what is printed reads back", arguments: [1, 2, 3] as [UInt64])
    func roundTrip(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        for _ in 0..<2_000 {
            let money = Money(picoDollars: Int64(bitPattern: random.next()) >> random.int(0...63))
            #expect(try Money(parsing: money.description) == money)
        }
    }

    @Test("decimals of any scale", arguments: [("1.5", 4, 15_000), ("12", 0, 12), ("0.00015", 9, 150_000)])
    func scales(text: String, decimals: Int, value: Int64) throws {
        #expect(try Decimals.parse(text, decimals: decimals) == value)
        #expect(Decimals.print(value, decimals: decimals, atLeast: 0) == text)
    }

    @Test("a scale without decimals takes no fraction but zeros")
    func noDecimals() throws {
        #expect(throws: MoneyError.malformed) { try Decimals.parse("12.5", decimals: 0) }
        #expect(try Decimals.parse("12.0", decimals: 0) == 12)
    }

    @Test("sums that leave Int64 are errors, or end at its limits where that is said")
    func sums() throws {
        let most = Money(picoDollars: .max)
        let least = Money(picoDollars: .min)
        let one = Money(picoDollars: 1)
        #expect(throws: MoneyError.overflow) { try most.adding(one) }
        #expect(throws: MoneyError.overflow) { try least.subtracting(one) }
        #expect(throws: MoneyError.overflow) { try Money.zero.subtracting(least) }
        #expect(throws: MoneyError.overflow) { try Money(exactly: Int128(Int64.max) + 1) }
        #expect(try most.adding(least) == Money(picoDollars: -1))
        #expect(most.saturatingAdding(one) == most)
        #expect(least.saturatingAdding(Money(picoDollars: -1)) == least)
        #expect(least.saturatingSubtracting(one) == least)
        #expect(Money.zero.saturatingSubtracting(least) == most)
        #expect(Money(saturating: .max) == most)
        #expect(Money(saturating: .min) == least)
    }
}
