import Domain
import NIOCore

/// What clients are told about rates, in OpenAI's words.
extension RateRefusal {
    /// After which asking again is worth it; nil where it never is.
    var waitMilliseconds: Int64? {
        switch wait {
        case .nanoseconds(let nanoseconds): max(1, (nanoseconds + 999_999) / 1_000_000)
        case .unknown: 1_000
        case .endless: nil
        }
    }

    var message: String {
        let whose =
            switch subject {
            case .key: "this API key"
            case .user: "your account"
            case .model: "this model"
            }
        let what =
            switch measure {
            case .requests: "requests per minute"
            case .tokens: "tokens per minute"
            case .calls: "concurrent calls"
            }
        guard let wait = waitMilliseconds else {
            return "This request is larger than the limit of \(whose): \(limit) \(what). Send less at a time."
        }
        return "Rate limit reached for \(whose): \(limit) \(what). "
            + "Please try again in \(RateStanding.duration(milliseconds: wait))."
    }
}

extension RateStanding {
    /// `20ms`, `1s`, `6m0s`: rounded up, so that nobody comes too early.
    static func duration(milliseconds: Int64) -> String {
        if milliseconds < 1_000 { return "\(milliseconds)ms" }
        let seconds = (milliseconds + 999) / 1_000
        return seconds < 60 ? "\(seconds)s" : "\(seconds / 60)m\(seconds % 60)s"
    }
}

extension ByteBuffer {
    mutating func writeRates(_ standing: RateStanding) {
        if let line = standing.requests {
            writeField("x-ratelimit-limit-requests", String(line.limit))
            writeField("x-ratelimit-remaining-requests", String(line.remaining))
            writeField("x-ratelimit-reset-requests", line.reset)
        }
        if let line = standing.tokens {
            writeField("x-ratelimit-limit-tokens", String(line.limit))
            writeField("x-ratelimit-remaining-tokens", String(line.remaining))
            writeField("x-ratelimit-reset-tokens", line.reset)
        }
    }
}

extension RateStanding.Line {
    fileprivate var reset: String { RateStanding.duration(milliseconds: (resetNanoseconds + 999_999) / 1_000_000) }
}
