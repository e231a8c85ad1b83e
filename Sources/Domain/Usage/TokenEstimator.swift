/// Guesses tokens from text where nobody counts them: a quarter of a byte's worth each, and one for each CJK character.
///
/// It looks only at the bytes that begin characters, so text may be added in pieces cut anywhere.
package struct TokenEstimator: Hashable, Sendable {
    package private(set) var byteCount: Int64 = 0
    /// Characters of three bytes from U+3000 on: kana, Han, Hangul, full-width forms. Rarer Han takes four bytes, and a
    /// quarter of those is one token already.
    private var wideCount: Int64 = 0

    package init() {}

    package mutating func add(_ text: UnsafeRawBufferPointer) {
        var wide = 0
        for byte in text where byte &- 0xE3 <= 0xEF - 0xE3 { wide &+= 1 }
        byteCount += Int64(text.count)
        wideCount += Int64(wide)
    }

    /// Never more than one a byte, and at least one if there was any text.
    package var tokens: Int64 {
        let narrowBytes = max(0, byteCount - 3 * wideCount)
        return wideCount + (narrowBytes + 3) / 4
    }

    package static func tokens(in text: UnsafeRawBufferPointer) -> Int64 {
        var estimator = TokenEstimator()
        estimator.add(text)
        return estimator.tokens
    }
}
