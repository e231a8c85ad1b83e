/// A table's entry read as our rates, with all that speaks against taking it.
package struct PriceTableReading: Hashable, Sendable {
    package let rates: Rates
    package let findings: [PriceFinding]

    /// Prices per token and the class each is metered as. Where several members meet in one class the dearest counts.
    private static let classes: [String: TokenClass] = [
        "input_cost_per_token": .input, "output_cost_per_token": .output,
        "cache_read_input_token_cost": .cacheRead, "input_cost_per_token_cache_hit": .cacheRead,
        "explicit_cache_read_input_token_cost": .cacheRead, "cache_read_input_audio_token_cost": .cacheRead,
        "cache_read_input_image_token_cost": .cacheRead, "cache_creation_input_token_cost": .cacheWrite5m,
        "cache_creation_input_audio_token_cost": .cacheWrite5m,
        "cache_creation_input_token_cost_above_1hr": .cacheWrite1h, "output_cost_per_reasoning_token": .reasoning,
        "input_cost_per_audio_token": .audioInput, "output_cost_per_audio_token": .audioOutput,
        "input_cost_per_image_token": .imageInput, "output_cost_per_image_token": .output,
        "input_cost_per_video_token": .input, "output_cost_per_video_token": .output,
    ]
    private static let feePerCall = "input_cost_per_request"

    /// Prices of what no call through the gateway can ask for: other tiers of service, batches, tools that run at the
    /// provider. `dbu` is another currency beside the dollars.
    private static let neverAskedFor: [String] = [
        "_batches", "_priority", "_flex", "_balanced", "_ultrafast", "_decisions",
    ]
    private static let neverAskedForPrefixes: [String] = [
        "search_", "google_maps_", "file_search_", "code_interpreter_", "computer_use_", "vector_store_", "guardrail_",
        "input_dbu_", "output_dbu_",
    ]

    package init(_ entry: PriceTableEntry) {
        var prices: [TokenClass: Set<Int64>] = [:]
        /// Classes that have a price for prompts of any length.
        var isPlain: Set<TokenClass> = []
        var rates = Rates()
        var findings: [PriceFinding] = []
        for (member, text) in (entry.tiers + [entry.numbers]).flatMap({ $0.sorted { $0.key < $1.key } }) {
            guard member.contains("cost"), !Self.isNeverAskedFor(member) else { continue }
            let price = TokenPrice(text)
            guard let tokenClass = Self.tokenClass(of: member) else {
                if member == Self.feePerCall, case .exact(let picos) = price {
                    rates.feePerCall = Money(picoDollars: picos)
                } else if price != .exact(0) {
                    findings.append(PriceFinding(.otherUnit, member))
                }
                continue
            }
            if Self.classes[member] != nil { isPlain.insert(tokenClass) }
            switch price {
            case .exact(let picos): prices[tokenClass, default: []].insert(picos)
            case .debris(let nearest):
                prices[tokenClass, default: []].insert(nearest)
                findings.append(PriceFinding(.needs(.rounding), member))
            case .negative: findings.append(PriceFinding(.negative, member))
            case .unreadable: findings.append(PriceFinding(.unreadable, member))
            }
        }
        // A class that has a price in longer prompts alone is billed as the plain one in others.
        for tokenClass in prices.keys where !isPlain.contains(tokenClass) {
            prices[tokenClass, default: []].formUnion(prices[tokenClass.isOutput ? .output : .input] ?? [])
        }
        for tokenClass in TokenClass.allCases {
            guard let found = prices[tokenClass], let dearest = found.max() else { continue }
            rates[tokenClass] = min(dearest, PriceName.largestPicos)
            let name = PriceName.perThousand(tokenClass)
            if found.count > 1 { findings.append(PriceFinding(.needs(.dearest), name)) }
            if dearest > PriceName.highPicos { findings.append(PriceFinding(.needs(.implausible), name)) }
        }
        // Nothing comes out of these in tokens, and their entries often do not say so.
        if rates[.output] == nil, rates[.input] != nil, ["embedding", "rerank", "moderation"].contains(entry.mode) {
            rates[.output] = 0
        }
        if rates.missingClass != nil {
            findings.append(PriceFinding(.noPrice))
        } else if rates[.input] == 0, rates[.output] == 0, rates.feePerCall == .zero {
            findings.append(PriceFinding(.needs(.free)))
        }
        self.rates = rates
        self.findings = findings
    }

    /// What still stands against it.
    package func objections(accepting: Set<PriceAcceptance>) -> [PriceFinding] {
        findings.filter {
            if case .needs(let acceptance) = $0.kind { return !accepting.contains(acceptance) }
            return true
        }
    }

    private static func isNeverAskedFor(_ member: String) -> Bool {
        neverAskedFor.contains { member.hasSuffix($0) } || neverAskedForPrefixes.contains { member.hasPrefix($0) }
    }

    /// `input_cost_per_token_above_200k_tokens` is the input of longer prompts; `…_above_1hr` is a class of its own.
    private static func tokenClass(of member: String) -> TokenClass? {
        if let tokenClass = classes[member] { return tokenClass }
        guard member.hasSuffix("k_tokens"), let above = member.ranges(of: "_above_").last else { return nil }
        return classes[String(member[..<above.lowerBound])]
    }
}
