import Domain

/// A model's members, as they are written.
enum ModelFields {
    private static let tokens: ClosedRange<Int64> = 1...100_000_000

    static let name = Field<String>.title("name", "What clients ask for; unique.", most: 200)
    static let displayName = Field<String>.title("display_name")
    static let description = Field<String>.text("description", "", 0...2_000)
    static let capabilities = Field<[String]>.list(
        "capabilities",
        "Words such as vision, for people and programs that choose.",
        of: word,
        most: 50
    )
    static let contextLength = Field<Int64>.integer("context_length", "Tokens of input and output together.", tokens)
    static let maxOutputTokens = Field<Int64>.integer("max_output_tokens", "At most context_length.", tokens)
    static let defaultOutputTokens = Field<Int64>.integer(
        "default_output_tokens",
        "What a request without a limit may have; at most max_output_tokens.",
        tokens
    )
    static let promptOverheadTokens = Field<Int64>.integer(
        "prompt_overhead_tokens",
        "What a prompt may have beyond the bytes of its body: templates, roles, tools.",
        0...1_000_000
    )
    static let isActive = Field<Bool>.flag("is_active")
    static let provider = Field<ProviderID>.id("provider", "Where calls are forwarded to.")
    static let upstreamModel = Field<String>.title("upstream_model", "What the provider calls it.", most: 200)

    private static let word = Field<String>
        .text("", "", 1...40, pattern: "^[a-z0-9][a-z0-9_.-]*$")
        .checked { word in
            let isPlain = word.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || "_.-".utf8.contains(byte)
            }
            let beginsWell = word.utf8.first.map { !"_.-".utf8.contains($0) } ?? false
            return isPlain && beginsWell ? nil : "Must be words of small letters, digits, '_', '.' and '-'."
        }
}

extension Form {
    /// All that is given of a model.
    /// - Parameter isWhole: prices that are not named go, where any is.
    /// - Throws: what was wrong with any member.
    mutating func modelChanges(isWhole: Bool) throws -> ModelChanges {
        var changes = ModelChanges()
        changes.name = value(ModelFields.name)
        changes.displayName = value(ModelFields.displayName)
        changes.description = value(ModelFields.description)
        changes.capabilities = value(ModelFields.capabilities)
        changes.contextLength = value(ModelFields.contextLength)
        changes.maxOutputTokens = value(ModelFields.maxOutputTokens)
        changes.defaultOutputTokens = value(ModelFields.defaultOutputTokens)
        changes.promptOverheadTokens = value(ModelFields.promptOverheadTokens)
        changes.isActive = value(ModelFields.isActive)
        changes.provider = value(ModelFields.provider)
        changes.upstreamModel = value(ModelFields.upstreamModel)
        changes.rates = RatesFields.list.read(from: &self, isWhole: isWhole)
        changes.costRates = RatesFields.cost.read(from: &self, isWhole: isWhole)
        let allowsHighPrice = value(RatesFields.allowHighPrice) ?? false
        try finish()
        try RatesFields.list.check(changes.rates, allowsHighPrice: allowsHighPrice)
        try RatesFields.cost.check(changes.costRates, allowsHighPrice: allowsHighPrice)
        return changes
    }
}
