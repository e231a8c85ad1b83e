/// What calls came to, added up exactly.
package struct UsageSums: Hashable, Sendable {
    private var figures = [Int128](repeating: 0, count: UsageFigure.count)
    /// Given back of what calls were charged, not negative; counted when it was given, not when the call was made.
    package var refunds: Int128 = 0
    /// A sum of money stood still at what a column holds: the figures are too small.
    package var isSaturated = false

    package init() {}

    package subscript(figure: UsageFigure) -> Int128 {
        get { figures[figure.rawValue] }
        set { figures[figure.rawValue] = newValue }
    }

    package mutating func add(_ other: UsageSums) {
        for index in figures.indices { figures[index] += other.figures[index] }
        refunds += other.refunds
        isSaturated = isSaturated || other.isSaturated
    }

    /// What customers were charged, refunds apart.
    package var spend: Int128 { self[.charge] + self[.corrections] }

    /// What is left of the spend when providers are paid and refunds given.
    package var margin: Int128 { spend - refunds - self[.cost] }

    package var inputTokens: Int128 {
        self[.inputTokens] + self[.cacheReadTokens] + self[.cacheWriteTokens] + self[.audioInputTokens]
            + self[.imageTokens]
    }

    package var outputTokens: Int128 { self[.outputTokens] + self[.reasoningTokens] + self[.audioOutputTokens] }
}

/// Between what bounds a share of the calls ended: a histogram of seven slots knows no more.
package struct LatencyBound: Hashable, Sendable {
    package let atLeastMilliseconds: Int64
    /// Nil: there is no bound above.
    package let belowMilliseconds: Int64?
}

extension UsageSums {
    private static let slots: [(figure: UsageFigure, below: Int64?)] = [
        (.under100Milliseconds, 100), (.under300Milliseconds, 300), (.under1Second, 1_000), (.under3Seconds, 3_000),
        (.under10Seconds, 10_000), (.under30Seconds, 30_000), (.slower, nil),
    ]

    /// Where the call lies that `percent` of a hundred are not slower than.
    /// - Returns: nil without calls.
    package func latency(percent: Int) -> LatencyBound? {
        let total = Self.slots.reduce(Int128(0)) { $0 + self[$1.figure] }
        guard total > 0 else { return nil }
        // The nearest rank: the smallest one that covers the share.
        let rank = max(1, (total * Int128(percent) + 99) / 100)
        var seen: Int128 = 0
        var least: Int64 = 0
        for (figure, below) in Self.slots {
            seen += self[figure]
            if seen >= rank { return LatencyBound(atLeastMilliseconds: least, belowMilliseconds: below) }
            least = below ?? least
        }
        return nil
    }

    /// Of the calls whose duration is known; nil without one.
    package var meanMilliseconds: Int64? {
        let total = Self.slots.reduce(Int128(0)) { $0 + self[$1.figure] }
        return total > 0 ? Int64(clamping: self[.durationMilliseconds] / total) : nil
    }
}
