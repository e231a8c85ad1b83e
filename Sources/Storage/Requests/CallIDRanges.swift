import Domain

/// Ids sort by the time they were made at, so a range of one is a range of the other.
extension CallID {
    private static let latest: Int64 = 1 << 48 - 1

    /// The lowest id of an instant's millisecond.
    static func first(at instant: Instant) -> CallID {
        let milliseconds = min(max(0, instant.microseconds / 1_000), latest)
        return CallID(high: UInt64(milliseconds) << 16, low: 0)
    }

    /// When it was made, to a millisecond.
    var time: Instant { Instant(microseconds: Int64(high >> 16) * 1_000) }

    /// The ids whose text begins like this; nil for a text that none begins with, and below four digits.
    static func range(ofPrefix text: String) -> (first: CallID, last: CallID)? {
        let letters = Array(text.utf8)
        guard (4..<36).contains(letters.count) else { return nil }
        let hyphens: Set<Int> = [8, 13, 18, 23]
        func filled(with digit: UInt8) -> CallID? {
            let all = (0..<36).map { index in
                index < letters.count ? letters[index] : hyphens.contains(index) ? UInt8(ascii: "-") : digit
            }
            return CallID(parsing: String(decoding: all, as: UTF8.self))
        }
        guard let first = filled(with: UInt8(ascii: "0")), let last = filled(with: UInt8(ascii: "f")) else {
            return nil
        }
        return (first, last)
    }
}
