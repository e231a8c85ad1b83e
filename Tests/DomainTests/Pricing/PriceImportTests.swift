import Testing

@testable import Domain

@Suite("imports of price tables") struct PriceImportTests {
    @Test(
        "a price per token is exactly what its digits say",
        arguments: [
            ("1.5e-07", .exact(150_000)), ("2e-07", .exact(200_000)), ("0.000003", .exact(3_000_000)),
            ("1.25E-06", .exact(1_250_000)), ("0", .exact(0)), ("0.0", .exact(0)), ("0e5", .exact(0)),
            ("-0.0", .exact(0)), ("0.00000000", .exact(0)), ("1e-12", .exact(1)), ("10e-13", .exact(1)),
            ("1.50000000000000000000000000000000000e-07", .exact(150_000)), ("1e3", .exact(1_000_000_000_000_000)),
            // What binary floats leave behind.
            ("3.0000000000000004e-07", .debris(nearest: 300_000)),
            ("1.1249999999999999e-06", .debris(nearest: 1_125_000)),
            ("1e-13", .debris(nearest: 0)), ("4.9e-13", .debris(nearest: 0)), ("5e-13", .debris(nearest: 1)),
            ("1e-400", .debris(nearest: 0)), ("-1e-07", .negative), ("-1e-400", .negative),
            ("1e7", .unreadable), ("1e401", .unreadable), ("1e99999999999999999999", .unreadable), ("", .exact(0)),
            ("9" + String(repeating: "9", count: 40), .unreadable), ("1,5", .unreadable), ("12abc", .unreadable),
            ("١", .unreadable), (String(repeating: "0", count: 65), .unreadable),
        ] as [(String, TokenPrice)]
    )
    func tokenPrices(text: String, price: TokenPrice) { #expect(TokenPrice(text) == price) }

    private static func entry(_ numbers: [String: String], mode: String? = "chat") -> PriceTableEntry {
        PriceTableEntry(name: "e", mode: mode, numbers: numbers)
    }

    private static let plain = ["input_cost_per_token": "2e-06", "output_cost_per_token": "8e-06"]

    @Test("each kind of token has its class")
    func classes() {
        let reading = PriceTableReading(
            Self.entry([
                "input_cost_per_token": "1e-06", "output_cost_per_token": "2e-06",
                "cache_read_input_token_cost": "3e-06", "cache_creation_input_token_cost": "4e-06",
                "cache_creation_input_token_cost_above_1hr": "5e-06", "output_cost_per_reasoning_token": "6e-06",
                "input_cost_per_audio_token": "7e-06", "output_cost_per_audio_token": "8e-06",
                "input_cost_per_image_token": "9e-06", "input_cost_per_request": "0.01",
                // Of other tiers of service, of tools, and no prices at all.
                "input_cost_per_token_batches": "1e-09", "input_cost_per_token_priority": "1", "max_tokens": "1e9",
                "output_cost_per_token_flex": "-1", "input_dbu_cost_per_token": "1",
            ])
        )
        #expect(reading.findings.isEmpty)
        let classes: [TokenClass] = [
            .input, .output, .cacheRead, .cacheWrite5m, .cacheWrite1h, .reasoning, .audioInput, .audioOutput,
            .imageInput,
        ]
        #expect(classes.map { reading.rates[$0] } == (1...9).map { $0 * 1_000_000 })
        #expect(reading.rates.feePerCall == Money(picoDollars: 10_000_000_000))
    }

    @Test(
        "what does not go without saying is found",
        arguments: [
            ([:], "chat", []), (["cache_read_input_token_cost": "3.0000000000000004e-07"], "chat", ["needs_rounding"]),
            (["input_cost_per_token": "0.002"], "chat", ["needs_implausible"]),
            (["input_cost_per_token": "0.001"], "chat", []),
            (["output_cost_per_token": "-1e-07"], "chat", ["negative", "no_price"]),
            (["input_cost_per_token_above_200k_tokens": "4e-06"], "chat", ["needs_dearest"]),
            (["input_cost_per_token_above_200k_tokens": "2e-06"], "chat", []),
            (["output_cost_per_image": "0.04"], "chat", ["other_unit"]), (["output_cost_per_image": "0"], "chat", []),
            (["input_cost_per_second": "-1"], "chat", ["other_unit"]),
            (["input_cost_per_token": "0", "output_cost_per_token": "0.0"], "chat", ["needs_free"]),
            (["input_cost_per_token": "1e99"], "chat", ["unreadable", "no_price"]),
        ] as [([String: String], String, [String])]
    )
    func findings(changed: [String: String], mode: String, codes: [String]) {
        let reading = PriceTableReading(Self.entry(Self.plain.merging(changed) { $1 }, mode: mode))
        #expect(Set(reading.findings.map(\.kind.code)) == Set(codes))
        let all = Set(PriceAcceptance.allCases)
        #expect(reading.objections(accepting: []).count == reading.findings.count)
        #expect(reading.objections(accepting: all).allSatisfy { !$0.kind.code.hasPrefix("needs_") })
    }

    @Test("the dearest of tiers counts, however they are written")
    func tiers() {
        let above = PriceTableReading(
            Self.entry(
                Self.plain.merging([
                    "input_cost_per_token_above_200k_tokens": "4e-06",
                    "cache_creation_input_token_cost_above_1hr": "5e-06",
                    "cache_creation_input_token_cost_above_1hr_above_200k_tokens": "1e-05",
                ]) { $1 }
            )
        )
        #expect(above.rates[.input] == 4_000_000 && above.rates[.cacheWrite1h] == 10_000_000)
        #expect(above.rates[.cacheWrite5m] == nil && above.findings.count == 2)
        // Without a price in shorter prompts it costs there what plain input costs.
        let late = PriceTableReading(
            Self.entry(Self.plain.merging(["cache_creation_input_token_cost_above_200k_tokens": "1e-07"]) { $1 })
        )
        #expect(late.rates[.cacheWrite5m] == 2_000_000)
        #expect(late.findings == [PriceFinding(.needs(.dearest), "cache_write_5m_price_per_1k")])
        let steps = PriceTableReading(
            PriceTableEntry(
                name: "e",
                mode: "chat",
                numbers: [:],
                tiers: [Self.plain, ["input_cost_per_token": "3e-06", "output_cost_per_token": "8e-06"]]
            )
        )
        #expect(steps.rates[.input] == 3_000_000 && steps.rates[.output] == 8_000_000)
        #expect(steps.findings == [PriceFinding(.needs(.dearest), "input_price_per_1k")])
    }

    @Test("embeddings put nothing out; other models must say so")
    func embeddings() {
        for (mode, isClean) in [("embedding", true), ("rerank", true), ("chat", false), (nil, false)]
            as [(String?, Bool)]
        {
            let reading = PriceTableReading(Self.entry(["input_cost_per_token": "2e-08"], mode: mode))
            #expect(reading.findings.isEmpty == isClean && reading.rates[.output] == (isClean ? 0 : nil))
        }
    }

    @Test("models are looked for by what they are called upstream, then by name, or as chosen")
    func plan() {
        func rates(_ input: Int64, _ output: Int64) -> Rates {
            var rates = Rates()
            rates[.input] = input
            rates[.output] = output
            return rates
        }
        func entry(_ name: String, _ input: String) -> PriceTableEntry {
            PriceTableEntry(
                name: name,
                mode: "chat",
                numbers: ["input_cost_per_token": input, "output_cost_per_token": "8e-06"]
            )
        }
        let table = [entry("up", "2e-06"), entry("own", "2e-06"), entry("other/own", "3e-06"), entry("bad", "-1")]
        func model(_ id: Int64, _ name: String, upstream: String?, _ rates: Rates?) -> PricedModel {
            PricedModel(id: ModelID(id), name: name, upstreamModel: upstream, rates: rates)
        }
        let models = [
            model(1, "a", upstream: "up", nil), model(2, "own", upstream: "nowhere", rates(1, 8_000_000)),
            model(3, "c", upstream: "up", rates(2_000_000, 8_000_000)), model(4, "bad", upstream: nil, rates(1, 1)),
            model(5, "e", upstream: nil, nil),
        ]
        let all = PriceImport(of: table, into: models, accepting: [])
        #expect(all.rows.map(\.verdict) == [.new, .changed, .unchanged, .refused, .missing])
        #expect(all.rows.map(\.entry) == ["up", "own", "up", "bad", "e"])
        #expect(all.changes == [ModelID(1): rates(2_000_000, 8_000_000), ModelID(2): rates(2_000_000, 8_000_000)])
        #expect(all.census.entries == 4 && all.census.clean == 3 && all.census.findings[.negative] == 1)
        let chosen = PriceImport(of: table, into: models, chosen: ["own": "other/own", "a": nil], accepting: [])
        #expect(chosen.rows.map(\.model.name) == ["a", "own"] && chosen.rows.map(\.entry) == ["up", "other/own"])
        #expect(chosen.changes[ModelID(2)] == rates(3_000_000, 8_000_000))
    }
}
