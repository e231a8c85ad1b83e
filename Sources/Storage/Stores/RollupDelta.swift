import Domain

/// What one closing adds to each roll-up that counts its call.
struct RollupDelta {
    static let count = UsageFigure.count
    private static let slots: InlineArray<6, Int64> = [100, 300, 1_000, 3_000, 10_000, 30_000]

    /// Not inline: each look at a column would copy them all.
    private var values = [Int64](repeating: 0, count: count)

    subscript(column: UsageFigure) -> Int64 {
        get { values[column.rawValue] }
        set { values[column.rawValue] = newValue }
    }

    subscript(index: Int) -> Int64 { values[index] }

    /// A call that ended by its settlement.
    static func settled(
        state: CallState,
        usage: Usage,
        charge: Money,
        cost: Money,
        excess: Money,
        cacheSavings: Money,
        statusCode: Int64,
        durationMilliseconds: Int64
    ) -> RollupDelta {
        var delta = RollupDelta(usage, cost: cost, statusCode: statusCode, durationMilliseconds: durationMilliseconds)
        delta[.requests] = 1
        delta[.voided] = state == .voided ? 1 : 0
        delta[.charge] = charge.picoDollars
        delta[.excess] = excess.picoDollars
        delta[.cacheSavings] = cacheSavings.picoDollars
        return delta
    }

    /// A settlement of a call that a policy had closed, and that was counted then.
    static func corrected(
        usage: Usage,
        correction: Money,
        cost: Money,
        excess: Money,
        cacheSavings: Money,
        statusCode: Int64,
        durationMilliseconds: Int64
    ) -> RollupDelta {
        var delta = RollupDelta(usage, cost: cost, statusCode: statusCode, durationMilliseconds: durationMilliseconds)
        delta[.corrections] = correction.picoDollars
        delta[.excess] = excess.picoDollars
        delta[.cacheSavings] = cacheSavings.picoDollars
        return delta
    }

    /// A call closed by policy: counted once, as an error, with what it was charged.
    static func resolved(state: CallState, charge: Money) -> RollupDelta {
        var delta = RollupDelta()
        delta[.requests] = 1
        delta[.voided] = state == .voided ? 1 : 0
        delta[.errors] = 1
        delta[.charge] = charge.picoDollars
        return delta
    }

    init() {}

    private init(_ usage: Usage, cost: Money, statusCode: Int64, durationMilliseconds: Int64) {
        self[.errors] = statusCode >= 400 ? 1 : 0
        self[.inputTokens] = usage[.input]
        self[.cacheReadTokens] = usage[.cacheRead]
        self[.cacheWriteTokens] = usage[.cacheWrite5m] + usage[.cacheWrite1h]
        self[.outputTokens] = usage[.output]
        self[.reasoningTokens] = usage[.reasoning]
        self[.audioInputTokens] = usage[.audioInput]
        self[.audioOutputTokens] = usage[.audioOutput]
        self[.imageTokens] = usage[.imageInput]
        self[.cost] = cost.picoDollars
        self[.durationMilliseconds] = max(0, durationMilliseconds)
        var slot = 0
        while slot < 6, durationMilliseconds >= Self.slots[slot] { slot += 1 }
        values[UsageFigure.under100Milliseconds.rawValue + slot] = 1
    }

    /// Adds column by column; a sum that would pass ``largest`` either way stays there.
    mutating func add(_ other: RollupDelta) {
        for index in 0..<Self.count where other.values[index] != 0 {
            let (sum, overflow) = values[index].addingReportingOverflow(other.values[index])
            values[index] =
                overflow
                ? (other.values[index] > 0 ? Self.largest : -Self.largest) : min(max(-Self.largest, sum), Self.largest)
        }
    }

    /// What sums of a flow have.
    static let flowFigures: [UsageFigure] = [.requests, .charge, .corrections]

    /// With nothing but ``flowFigures``.
    var ofFlow: RollupDelta {
        var delta = RollupDelta()
        for figure in Self.flowFigures { delta[figure] = self[figure] }
        return delta
    }

    /// Where a roll-up's sums end: what is added to them may not make SQLite turn them into floats.
    static let largest: Int64 = 9_000_000_000_000_000_000
}

extension RollupDelta {
    /// - Parameter first: where a row's figures begin.
    init(_ row: any SQLStatement, from first: Int) {
        self.init()
        for index in 0..<Self.count { values[index] = row.int64(first + index) }
    }
}
