import CZlib

/// Texts in zlib's format (RFC 1950), each whole.
enum Deflate {
    /// Six would make text an eighth smaller and take three times as long.
    private static let level: Int32 = 3

    static func compress(_ bytes: [UInt8]) -> [UInt8] {
        let most = Int(compressBound(uLong(bytes.count)))
        return [UInt8](unsafeUninitializedCapacity: most) { result, count in
            var length = uLong(most)
            let code = compress2(result.baseAddress, &length, bytes, uLong(bytes.count), level)
            precondition(code == Z_OK, "the bound is enough")
            count = Int(length)
        }
    }

    /// - Returns: nil unless they were `count` bytes, at least one: nothing that was tampered with grows beyond what was said.
    static func decompress(_ bytes: [UInt8], count: Int) -> [UInt8]? {
        guard count > 0 else { return nil }
        var isWhole = false
        let result = [UInt8](unsafeUninitializedCapacity: count) { result, made in
            var length = uLong(count)
            let code = uncompress(result.baseAddress, &length, bytes, uLong(bytes.count))
            isWhole = code == Z_OK && Int(length) == count
            made = isWhole ? count : 0
        }
        return isWhole ? result : nil
    }
}
