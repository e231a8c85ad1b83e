/// What is metered and priced apart. Classes are disjoint: their counts add up to what the call used.
package enum TokenClass: Int, CaseIterable, Sendable {
    /// Text input that came from no cache.
    case input
    case cacheRead
    /// Written to a cache kept five minutes (or a provider's default).
    case cacheWrite5m
    case cacheWrite1h
    /// Visible text output.
    case output
    case reasoning
    case audioInput
    case audioOutput
    case imageInput

    package static let count = 9

    package var isOutput: Bool { self == .output || self == .reasoning || self == .audioOutput }

    /// The name in bills, JSON and columns.
    package var name: String {
        switch self {
        case .input: "input"
        case .cacheRead: "cache_read"
        case .cacheWrite5m: "cache_write_5m"
        case .cacheWrite1h: "cache_write_1h"
        case .output: "output"
        case .reasoning: "reasoning"
        case .audioInput: "audio_input"
        case .audioOutput: "audio_output"
        case .imageInput: "image_input"
        }
    }
}

/// Where a count comes from.
package enum Provenance: UInt8, Sendable, CaseIterable {
    /// Nobody said anything; the count is zero.
    case missing
    /// We counted or guessed it, for want of better.
    case estimated
    /// Computed from reported counts (total minus parts).
    case derived
    /// Stated by the upstream.
    case reported
}

/// Token counts per class, each with its provenance. Counts are never negative and at most ``largestCount``.
package struct Usage: Hashable, Sendable {
    /// What is stored and summed of one class of one call: no lie of an upstream can make a later sum fail.
    package static let largestCount: Int64 = 1 << 32

    private var counts: InlineArray<9, Int64> = .init(repeating: 0)
    private var provenances: InlineArray<9, UInt8> = .init(repeating: 0)

    package init() {}

    package subscript(tokenClass: TokenClass) -> Int64 {
        get { counts[tokenClass.rawValue] }
    }

    package func provenance(of tokenClass: TokenClass) -> Provenance {
        Provenance(rawValue: provenances[tokenClass.rawValue]) ?? .missing
    }

    /// Sets a count, held between 0 and ``largestCount``.
    /// - Returns: false if the count had to be capped; the caller flags it.
    @discardableResult
    package mutating func set(_ tokenClass: TokenClass, to count: Int64, _ provenance: Provenance) -> Bool {
        let capped = min(max(0, count), Self.largestCount)
        counts[tokenClass.rawValue] = capped
        provenances[tokenClass.rawValue] = provenance.rawValue
        return capped == count
    }

    package var inputTokens: Int64 {
        self[.input] + self[.cacheRead] + self[.cacheWrite5m] + self[.cacheWrite1h] + self[.audioInput]
            + self[.imageInput]
    }

    package var outputTokens: Int64 { self[.output] + self[.reasoning] + self[.audioOutput] }

    /// Two bits a class, `input` lowest: how provenance is stored.
    package var packedProvenance: Int64 {
        get {
            var packed: Int64 = 0
            for tokenClass in TokenClass.allCases {
                packed |= Int64(provenances[tokenClass.rawValue]) << Int64(2 * tokenClass.rawValue)
            }
            return packed
        }
        set {
            for tokenClass in TokenClass.allCases {
                provenances[tokenClass.rawValue] =
                    UInt8(truncatingIfNeeded: newValue >> Int64(2 * tokenClass.rawValue)) & 3
            }
        }
    }

    package static func == (left: Usage, right: Usage) -> Bool {
        TokenClass.allCases.allSatisfy {
            left[$0] == right[$0] && left.provenance(of: $0) == right.provenance(of: $0)
        }
    }

    package func hash(into hasher: inout Hasher) {
        for tokenClass in TokenClass.allCases { hasher.combine(self[tokenClass]) }
    }
}
