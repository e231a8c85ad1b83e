/// Guesses how many tokens a text has, for want of the provider's own count: a token per four bytes, and one per
/// character of Chinese, Japanese or Korean.
package enum TokenEstimator {
    package static func tokens(in bytes: UnsafeRawBufferPointer) -> Int64 {
        var wide = 0
        // UTF-8 lead bytes E3…E9 and EA…ED begin U+3000…U+DFFF: kana, ideographs, hangul.
        for byte in bytes where byte >= 0xE3 && byte <= 0xED { wide += 1 }
        return Int64(wide) + Int64((bytes.count - min(bytes.count, 3 * wide) + 3) / 4)
    }
}
