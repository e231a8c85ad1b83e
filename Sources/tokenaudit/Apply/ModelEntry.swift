import Domain
import Storage

/// A model of an `apply` file, with its prices.
enum ModelEntry {
    private static let prices = TokenClass.allCases.map { (name: PriceName.perThousand($0), tokenClass: $0) }

    private static let known: Set<String> = Set(
        [
            "name", "provider", "upstream_model", "display_name", "context_length", "max_output_tokens",
            "default_output_tokens", "prompt_overhead_tokens", PriceName.feePerCall, "cost_" + PriceName.feePerCall,
            "allow_high_price", "is_active",
        ] + RateLimitEntry.known + prices.map(\.name) + prices.map { "cost_" + $0.name }
    )

    static func read(_ item: YAMLItem) throws(InputProblem) -> DesiredModel {
        let members = try item.members(known: known)
        var model = DesiredModel(name: try item.name(members["name"], "name"), line: SourceLine(item.line))
        if let item = members["provider"] { model.providerName = try item.name(item, "") }
        if let item = members["upstream_model"] { model.upstreamModel = try item.line(upTo: 200) }
        if let item = members["display_name"] { model.displayName = try item.line(upTo: 100) }
        if let item = members["context_length"] { model.contextLength = try item.integer(in: 1...100_000_000) }
        if let item = members["max_output_tokens"] { model.maxOutputTokens = try item.integer(in: 1...100_000_000) }
        if let item = members["default_output_tokens"] {
            model.defaultOutputTokens = try item.integer(in: 1...100_000_000)
        }
        if let item = members["prompt_overhead_tokens"] {
            model.promptOverheadTokens = try item.integer(in: 0...1_000_000)
        }
        model.rateLimit = try RateLimitEntry.read(members)
        var allowsHighPrice = false
        if let item = members["allow_high_price"] { allowsHighPrice = try item.flag() }
        model.rates = try rates(members, prefix: "", in: item, allowsHighPrice: allowsHighPrice)
        model.costRates = try rates(members, prefix: "cost_", in: item, allowsHighPrice: allowsHighPrice)
        if let item = members["is_active"] { model.isActive = try item.flag() }
        return model
    }

    /// Nil if no price is named. Input and output must be named together: absent is not zero.
    private static func rates(
        _ members: [String: YAMLItem],
        prefix: String,
        in item: YAMLItem,
        allowsHighPrice: Bool
    ) throws(InputProblem) -> Rates? {
        var rates = Rates()
        var isNamed = false
        for (name, tokenClass) in prices {
            guard let member = members[prefix + name], !member.isNull else { continue }
            rates[tokenClass] = try member.rate(allowsHighPrice: allowsHighPrice)
            isNamed = true
        }
        if let member = members[prefix + PriceName.feePerCall] {
            rates.feePerCall = try member.money()
            isNamed = true
        }
        guard isNamed else { return nil }
        if let missing = rates.missingClass {
            let name = PriceName.perThousand(missing)
            throw item.problem("\(prefix)\(name) is missing; a price of nothing is written \"0\"")
        }
        return rates
    }
}

extension YAMLItem {
    /// A name that identifies: 1 to 200 characters of text on one line, no spaces at its ends.
    func name(_ member: YAMLItem?, _ key: String) throws(InputProblem) -> String {
        guard let member else { throw problem("\(key) is missing") }
        let text = try member.line(upTo: 200)
        guard !text.isEmpty, text.first?.isWhitespace == false, text.last?.isWhitespace == false else {
            throw member.problem("must not be empty nor begin or end with a space")
        }
        return text
    }

    func line(upTo limit: Int) throws(InputProblem) -> String {
        let text = try text()
        guard text.utf8.count <= limit * 4, text.count <= limit,
            text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
        else { throw problem("must be at most \(limit) characters on one line") }
        return text
    }

    /// An amount of dollars, not negative, as it was written: numbers are never taken through floating point.
    func money() throws(InputProblem) -> Money {
        let amount: Money
        do {
            amount = try Money(parsing: try text())
        } catch let error as MoneyError where error == .overflow {
            throw problem("is more than $9,223,372, the largest amount there is")
        } catch let error as InputProblem {
            throw error
        } catch {
            throw problem("must be a plain decimal number of dollars with at most twelve decimals, such as \"12.50\"")
        }
        guard amount >= .zero else { throw problem("must not be negative") }
        return amount
    }

    /// Pico-dollars per token from dollars per thousand tokens: nine decimals are exact.
    func rate(allowsHighPrice: Bool) throws(InputProblem) -> Int64 {
        guard let picos = try? PriceName.read(perThousand: try text()) else {
            throw problem(
                "must be a plain decimal of dollars per 1,000 tokens with at most nine decimals, such as \"0.0015\""
            )
        }
        guard picos >= 0 else { throw problem("must not be negative") }
        // $1 per thousand is $1,000 per million: nearly always a price written in another unit.
        guard picos <= PriceName.highPicos || allowsHighPrice else {
            throw problem("is more than $1 per 1,000 tokens; if that is meant, set allow_high_price: true")
        }
        guard picos <= PriceName.largestPicos else { throw problem("is more than $1,000 per 1,000 tokens") }
        return picos
    }
}
