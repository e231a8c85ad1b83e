package import Domain
package import NIOCore

/// What is wrong with reported counts. Counts read beside a problem are safe to sum, not to believe.
package struct UsageProblems: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Not a JSON object, or one with a member given twice.
    package static let malformed = UsageProblems(rawValue: 1)
    /// Read as absent, or to state it would make what it counts free; the total beside it says nothing either.
    package static let negative = UsageProblems(rawValue: 2)
    /// A fraction, a string, an object: read as absent.
    package static let notAnInteger = UsageProblems(rawValue: 4)
    /// Beyond `Usage.largestCount`: read as that.
    package static let tooLarge = UsageProblems(rawValue: 8)
    /// Cached, audio or image tokens exceed the prompt they are part of.
    package static let partsExceedInput = UsageProblems(rawValue: 16)
    /// Reasoning or audio tokens exceed the completion they are part of.
    package static let partsExceedOutput = UsageProblems(rawValue: 32)
    /// The total is not the sum.
    package static let totalMismatch = UsageProblems(rawValue: 64)
}

/// Reported usage in disjoint classes, and how far it can be believed.
package struct UsageReading: Hashable, Sendable {
    package let usage: Usage
    package let problems: UsageProblems
    /// Whether a prompt count was stated or follows from the others.
    package let hasInput: Bool
    /// Whether a completion count was stated or follows from the others.
    package let hasOutput: Bool

    package var isPlausible: Bool { problems.isEmpty }

    /// This usage with that of another choice, derived; of the same prompt, the input stays as it is.
    func adding(_ other: UsageReading, withInput: Bool) -> UsageReading {
        var sum = usage
        for tokenClass in TokenClass.allCases where other.usage[tokenClass] > 0 && (tokenClass.isOutput || withInput) {
            sum.set(tokenClass, to: usage[tokenClass] + other.usage[tokenClass], .derived)
        }
        return UsageReading(
            usage: sum,
            problems: problems.union(other.problems),
            hasInput: hasInput,
            hasOutput: hasOutput
        )
    }
}

/// The OpenAI dialect's usage object.
///
/// `prompt_tokens` contains cached, cache-written, audio and image tokens; `completion_tokens` contains reasoning, audio
/// and rejected predictions (billed as output). xAI leaves reasoning out of the completion: its total tells. So do
/// bridges to Gemini, which do not state it at all: what their total has beyond the sum is taken for reasoning. DeepSeek
/// names cache reads `prompt_cache_hit_tokens`.
package enum OpenAIUsage {
    /// A longer object is not believed.
    package static let largestObjectBytes = 16 << 10
    /// What is kept of usage as it was stated.
    package static let keptBytes = 4 << 10

    package static func read(_ object: ByteBuffer) -> UsageReading {
        object.withUnsafeReadableBytes { read($0) }
    }

    package static func read(_ object: UnsafeRawBufferPointer) -> UsageReading {
        guard object.count <= largestObjectBytes, let members = try? JSONScanner.members(of: object) else {
            return UsageReading(usage: Usage(), problems: .malformed, hasInput: false, hasOutput: false)
        }
        var counts = Counts()
        for member in members {
            if member.isNamed("prompt_tokens", in: object) {
                counts.read(member, object, \.prompt)
            } else if member.isNamed("completion_tokens", in: object) {
                counts.read(member, object, \.completion)
            } else if member.isNamed("total_tokens", in: object) {
                counts.read(member, object, \.total)
            } else if member.isNamed("prompt_cache_hit_tokens", in: object) {
                counts.read(member, object, \.cacheHit)
            } else if member.isNamed("prompt_tokens_details", in: object) {
                counts.readInputDetails(member, object)
            } else if member.isNamed("completion_tokens_details", in: object) {
                counts.readOutputDetails(member, object)
            }
        }
        return counts.reading()
    }
}

/// Counts as stated, before they are made disjoint; all within 0 and `Usage.largestCount`.
private struct Counts {
    var prompt: Int64?
    var completion: Int64?
    var total: Int64?
    var cacheHit: Int64?
    var cached: Int64?
    var cacheWritten: Int64?
    var audioInput: Int64?
    var imageInput: Int64?
    var reasoning: Int64?
    var audioOutput: Int64?
    var problems: UsageProblems = []

    mutating func read(_ member: JSONMember, _ bytes: UnsafeRawBufferPointer, _ count: WritableKeyPath<Counts, Int64?>)
    {
        self[keyPath: count] = value(member, bytes)
    }

    mutating func readInputDetails(_ member: JSONMember, _ bytes: UnsafeRawBufferPointer) {
        for detail in details(member, bytes) {
            if detail.isNamed("cached_tokens", in: bytes) {
                cached = value(detail, bytes)
            } else if detail.isNamed("cache_write_tokens", in: bytes) {
                cacheWritten = value(detail, bytes)
            } else if detail.isNamed("audio_tokens", in: bytes) {
                audioInput = value(detail, bytes)
            } else if detail.isNamed("image_tokens", in: bytes) {
                imageInput = value(detail, bytes)
            }
        }
    }

    mutating func readOutputDetails(_ member: JSONMember, _ bytes: UnsafeRawBufferPointer) {
        for detail in details(member, bytes) {
            if detail.isNamed("reasoning_tokens", in: bytes) {
                reasoning = value(detail, bytes)
            } else if detail.isNamed("audio_tokens", in: bytes) {
                audioOutput = value(detail, bytes)
            }
        }
    }

    private mutating func details(_ member: JSONMember, _ bytes: UnsafeRawBufferPointer) -> [JSONMember] {
        if member.kind == .null { return [] }
        guard member.kind == .object, let details = try? JSONScanner.members(of: bytes, in: member.value) else {
            problems.insert(.malformed)
            return []
        }
        return details
    }

    private mutating func value(_ member: JSONMember, _ bytes: UnsafeRawBufferPointer) -> Int64? {
        switch member.kind {
        case .null: return nil
        case .number: break
        default:
            problems.insert(.notAnInteger)
            return nil
        }
        let isNegative = bytes[member.value.lowerBound] == UInt8(ascii: "-")
        guard let value = member.integer(in: bytes) else {
            let digits = bytes[member.value]
            if isNegative {
                problems.insert(.negative)
                return nil
            }
            // 1e30 and a run of too many digits say "a lot"; 1.5 and 1e-3 say nothing a count can be taken from.
            guard !digits.contains(UInt8(ascii: ".")), !digits.contains(UInt8(ascii: "-")) else {
                problems.insert(.notAnInteger)
                return nil
            }
            problems.insert(.tooLarge)
            return Usage.largestCount
        }
        if value < 0 {
            problems.insert(.negative)
            return nil
        }
        if value > Usage.largestCount {
            problems.insert(.tooLarge)
            return Usage.largestCount
        }
        return value
    }

    mutating func reading() -> UsageReading {
        var usage = Usage()
        // A count that was left out follows from the two others (embeddings state no completion).
        var inputProvenance = Provenance.reported
        var outputProvenance = Provenance.reported
        let total = problems.contains(.negative) ? nil : total
        if let total, prompt == nil, let completion, total >= completion {
            prompt = total - completion
            inputProvenance = .derived
        } else if let total, completion == nil, let prompt, total >= prompt {
            completion = total - prompt
            outputProvenance = .derived
        }

        if let prompt {
            var rest = prompt
            let take = { (stated: Int64?, tokenClass: TokenClass, mayExceed: Bool, problems: inout UsageProblems) in
                guard let stated else { return }
                if stated > (mayExceed ? rest : prompt), !mayExceed { problems.insert(.partsExceedInput) }
                let taken = min(stated, rest)
                rest -= taken
                if stated > 0 { inputProvenance = .derived }
                usage.set(tokenClass, to: taken, taken == stated ? .reported : .derived)
            }
            take(cached ?? cacheHit, .cacheRead, false, &problems)
            // OpenAI documents cache_write_tokens as unadjusted: with cached_tokens it may exceed the prompt.
            take(cacheWritten, .cacheWrite5m, true, &problems)
            // Cached audio and images are counted on both sides; what a cache served is billed as cached.
            take(audioInput, .audioInput, false, &problems)
            take(imageInput, .imageInput, false, &problems)
            usage.set(.input, to: rest, inputProvenance)
        } else if [cached, cacheHit, cacheWritten, audioInput, imageInput].contains(where: { ($0 ?? 0) > 0 }) {
            problems.insert(.partsExceedInput)
        }

        if let completion {
            var rest = completion
            let stated = (reasoning ?? 0) + (audioOutput ?? 0)
            let reasoningIsOutside =
                (reasoning ?? 0) > 0 && prompt.map { total == $0 + completion + (reasoning ?? 0) } ?? false
            if let reasoning {
                let taken = reasoningIsOutside ? reasoning : min(reasoning, rest)
                if !reasoningIsOutside { rest -= taken }
                usage.set(.reasoning, to: taken, taken == reasoning ? .reported : .derived)
            }
            if let audioOutput {
                let taken = min(audioOutput, rest)
                rest -= taken
                usage.set(.audioOutput, to: taken, taken == audioOutput ? .reported : .derived)
            }
            let inside = reasoningIsOutside ? audioOutput ?? 0 : stated
            if inside > 0 { outputProvenance = .derived }
            if inside > completion { problems.insert(.partsExceedOutput) }
            usage.set(.output, to: rest, outputProvenance)
            if let total, let prompt, total != prompt + completion, !reasoningIsOutside {
                let surplus = total - prompt - completion
                if reasoning == nil, surplus > 0, !problems.contains(.tooLarge) {
                    usage.set(.reasoning, to: surplus, .derived)
                }
                problems.insert(.totalMismatch)
            }
        } else if (reasoning ?? 0) + (audioOutput ?? 0) > 0 {
            problems.insert(.partsExceedOutput)
        }
        if let total, (prompt.map { $0 > total } ?? false) || (completion.map { $0 > total } ?? false) {
            problems.insert(.totalMismatch)
        }
        return UsageReading(
            usage: usage,
            problems: problems,
            hasInput: prompt != nil,
            hasOutput: completion != nil
        )
    }
}
