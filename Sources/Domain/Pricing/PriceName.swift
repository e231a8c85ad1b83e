/// How prices are named and written: dollars per 1,000 tokens, as decimals of at most nine places, which are whole
/// pico-dollars a token.
package enum PriceName {
    package static let feePerCall = "price_per_call"

    /// Beyond $1 per 1,000 tokens a price is nearly always one written in another unit.
    package static let highPicos: Int64 = 1_000_000_000
    package static let largestPicos: Int64 = 1_000_000_000_000

    package static func perThousand(_ tokenClass: TokenClass) -> String {
        let word =
            switch tokenClass {
            case .input: "input"
            case .cacheRead: "cached_input"
            case .cacheWrite5m: "cache_write_5m"
            case .cacheWrite1h: "cache_write_1h"
            case .output: "output"
            case .reasoning: "reasoning"
            case .audioInput: "audio_input"
            case .audioOutput: "audio_output"
            case .imageInput: "image_input"
            }
        return word + "_price_per_1k"
    }

    /// - Throws: `MoneyError` for what is no plain decimal of at most nine places.
    package static func read(perThousand text: some StringProtocol) throws(MoneyError) -> Int64 {
        try Decimals.parse(text, decimals: 9)
    }

    package static func text(perThousand picos: Int64) -> String { Decimals.print(picos, decimals: 9, atLeast: 2) }
}
