import Domain
import Fuzzing
import Testing

@Suite("Fuzz: money, multipliers and prices")
struct FuzzMoney {
    @Test("a decimal is read as string arithmetic reads it, and printed so that it is read back")
    func decimals() async throws {
        try await Fuzzer(
            "decimals",
            seeds: [
                "0", "0.00", "12.50", "-3.25", "0.000000000001", "9223372.036854775807", "-9223372.036854775808",
                "9223372.036854775808", "922337203685477.5807", "1.2345", "1000", "0.0015", "-0", "-0.0", "00012.5000",
                "1.0000000000000000000000000000000000000", "99999999999999999999",
            ],
            words: ["0", "00000", ".", "-", "+", "e", "1e3", "9", "9223372", "_", ",", "١", "１", " ", "\u{301}"],
            largestBytes: 48
        ) { run in
            let text = run.text
            for decimals in [4, 9, 12] {
                let expected = ReferenceDecimal.integer(text, decimals: decimals)
                let value: Int64
                do throws(MoneyError) {
                    value = try Decimals.parse(text, decimals: decimals)
                } catch {
                    // A text may be both too large and malformed; then either may be said.
                    let isOverflow = expected.map { Int64($0) == nil } ?? false
                    try run.expect(
                        expected == nil || (isOverflow && error == .overflow),
                        "\(error), not \(expected ?? "")"
                    )
                    run.note("\(error)")
                    continue
                }
                try run.expect(
                    expected == String(value),
                    "\(value) with \(decimals) decimals, not \(expected ?? "none")"
                )
                for atLeast in [0, 1, 2] {
                    let printed = Decimals.print(value, decimals: decimals, atLeast: atLeast)
                    try run.expect(try Decimals.parse(printed, decimals: decimals) == value, "printed as \(printed)")
                }
                run.note("read")
                run.note(magnitudeOf: value)
            }
            try Self.checkMoney(text, &run)
        }.run()
    }

    private static func checkMoney(_ text: String, _ run: inout FuzzRun) throws {
        if let money = try? Money(parsing: text) {
            try run.expect(try Money(parsing: money.description) == money, "money printed as \(money)")
        }
        guard let multiplier = try? Multiplier(parsing: text) else { return }
        run.note("multiplier")
        try run.expect(try Multiplier(parsing: multiplier.description) == multiplier, "printed as \(multiplier)")
        let picos = Int128(run.random.count()) * Int128(run.random.pick([1, 3, 1 << 20, 1 << 34]))
        let exact = picos * Int128(multiplier.basisPoints)
        if let nearest = try? multiplier.apply(to: picos) {
            let distance = Int128(nearest.picoDollars) * 10_000 - exact
            try run.expect(distance.magnitude <= 5_000, "\(picos) × \(multiplier) rounded to \(nearest)")
            try run.expect(distance.magnitude < 5_000 || nearest.picoDollars % 2 == 0, "a tie was not made even")
        } else {
            try run.expect(exact / 10_000 >= Int128(Int64.max), "\(picos) × \(multiplier) has a place in Int64")
        }
        if let above = try? multiplier.applyRoundingUp(to: picos) {
            let distance = Int128(above.picoDollars) * 10_000 - exact
            try run.expect(distance >= 0 && distance < 10_000, "\(picos) × \(multiplier) rounded up to \(above)")
        } else {
            try run.expect(exact / 10_000 >= Int128(Int64.max), "\(picos) × \(multiplier) has a place in Int64")
        }
    }

    @Test("whatever usage is claimed, the charge ends at the hold and no sum overflows; a quote covers honest usage")
    func bills() async throws {
        try await Fuzzer("bills", seeds: [Array(0..<64)], largestBytes: 64) { run in
            var rates = Rates()
            var usage = Usage()
            for tokenClass in TokenClass.allCases {
                if run.random.oneIn(2) { rates[tokenClass] = run.random.integer() }
                usage.set(tokenClass, to: run.random.integer(), run.random.pick(Provenance.allCases))
            }
            if run.random.oneIn(3) { rates.feePerCall = Money(picoDollars: run.random.integer()) }
            let multiplier = try Multiplier(basisPoints: Int64(run.random.below(10_000_001)))
            let hold = Money(picoDollars: run.random.integer())
            let bill = Bill(usage: usage, rates: rates, costRates: rates, multiplier: multiplier, hold: hold)
            try run.expect(bill.charge >= .zero && bill.charge <= max(.zero, hold), "charge \(bill.charge) of \(hold)")
            try run.expect(bill.excess >= .zero && bill.excess <= Bill.largest, "excess \(bill.excess)")
            try run.expect(bill.cost >= .zero && bill.cost <= Bill.largest, "cost \(bill.cost)")
            try run.expect(bill.excess == .zero || bill.charge == max(.zero, hold), "excess below the hold")
            try Self.checkQuote(rates, multiplier, &run)
        }.run()
    }

    private static func checkQuote(_ rates: Rates, _ multiplier: Multiplier, _ run: inout FuzzRun) throws {
        let choices = Int64(1 + run.random.below(128))
        let limit = Int64(run.random.below(1 << 31))
        let input = run.random.count()
        guard
            let quote = try? Quote.worstCase(
                rates: rates,
                multiplier: multiplier,
                inputTokens: input,
                choices: choices,
                outputLimit: limit,
                lowestOutputLimit: limit
            ), let bound = try? quote.bound(outputLimit: limit)
        else {
            run.note("no quote")
            return
        }
        run.note("quote")
        try run.expect(bound >= .zero, "a bound of \(bound)")
        var usage = Usage()
        var (inputLeft, outputLeft) = (input, choices * limit)
        for tokenClass in TokenClass.allCases.shuffled(using: &run.random) {
            let left = tokenClass.isOutput ? outputLeft : inputLeft
            let part = run.random.oneIn(2) ? left : Int64(clamping: run.random.next() % (UInt64(left) + 1))
            usage.set(tokenClass, to: part, .reported)
            if tokenClass.isOutput { outputLeft -= part } else { inputLeft -= part }
        }
        let bill = Bill(
            usage: usage,
            rates: rates,
            costRates: rates,
            multiplier: multiplier,
            hold: bound
        )
        try run.expect(bill.excess == .zero, "usage within the limits exceeds the bound \(bound) by \(bill.excess)")
    }
}

/// Decimals by moving digits about in a text, without arithmetic.
enum ReferenceDecimal {
    /// The number times 10^`decimals` as a plain integer of any length; nil for what is no such number.
    static func integer(_ text: String, decimals: Int) -> String? {
        var rest = Array(text.utf8)[...]
        guard rest.count <= 40 else { return nil }
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative { rest = rest.dropFirst() }
        let parts = rest.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count),
            parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy { byte in byte >= 0x30 && byte <= 0x39 } })
        else { return nil }
        var fraction = parts.count == 2 ? Array(parts[1]) : []
        while fraction.count > decimals {
            guard fraction.removeLast() == UInt8(ascii: "0") else { return nil }
        }
        fraction += Array(repeating: UInt8(ascii: "0"), count: decimals - fraction.count)
        let digits = String(decoding: (Array(parts[0]) + fraction).drop { $0 == UInt8(ascii: "0") }, as: UTF8.self)
        if digits.isEmpty { return isNegative ? nil : "0" }
        return isNegative ? "-" + digits : digits
    }
}
