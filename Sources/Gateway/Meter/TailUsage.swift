import Dialects
import NIOCore

/// The usage of an answer that is too large to be read whole, from its last bytes: the last object named `usage`.
enum TailUsage {
    /// Names looked behind at most: an answer that repeats the name without an object must not cost time squared.
    private static let largestCandidateCount = 16

    static func find(in window: ByteBuffer) -> (reading: UsageReading, raw: ByteBuffer)? {
        let name = Array(#""usage""#.utf8)
        let bytes = window.readableBytesView
        guard bytes.count > name.count else { return nil }
        var start = bytes.endIndex - name.count
        var candidateCount = 0
        while start >= bytes.startIndex, candidateCount < largestCandidateCount {
            if bytes[start] == name[0], bytes[start..<(start + name.count)].elementsEqual(name) {
                candidateCount += 1
                if let range = object(in: bytes, after: start + name.count),
                    let raw = window.getSlice(at: range.lowerBound, length: range.count)
                {
                    return (OpenAIUsage.read(raw), raw)
                }
            }
            start -= 1
        }
        return nil
    }

    /// The object that follows a colon; usage objects hold numbers and objects, so counting braces is enough.
    private static func object(in bytes: ByteBufferView, after index: Int) -> Range<Int>? {
        var index = index
        var start: Int?
        var depth = 0
        let end = min(bytes.endIndex, index + OpenAIUsage.largestObjectBytes)
        while index < end {
            switch bytes[index] {
            case UInt8(ascii: "{"):
                if start == nil { start = index }
                depth += 1
            case UInt8(ascii: "}"):
                depth -= 1
                if depth == 0, let start { return start..<(index + 1) }
            case UInt8(ascii: ":"), UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\t"), UInt8(ascii: "\r"): break
            default: if start == nil { return nil }
            }
            index += 1
        }
        return nil
    }
}
