/// What one JSON object of an answer says of interest: a stream's event or a whole body.
///
/// One lenient pass over tokens: an answer need not be perfect JSON to carry its usage. It allocates nothing and stays
/// within the bytes whatever they are.
struct OpenAIPayload {
    enum Presence {
        case absent
        case null
        case object
        case other
    }

    /// The bytes are one object, closed, with nothing after it.
    private(set) var isObject = false
    private(set) var usage = Presence.absent
    /// The value of the last `usage`.
    private(set) var usageValue = 0..<0
    /// The whole `usage` member with one comma; where `null`, its removal leaves a valid object.
    private(set) var usageMember = 0..<0
    private(set) var hasChoices = false
    private(set) var hasNoChoices = false
    private(set) var isError = false
    /// Choices that say why they ended.
    private(set) var finishCount: Int64 = 0
    /// Bytes of text, reasoning, refusals and tool arguments, as written in JSON.
    private(set) var contentBytes: Int64 = 0
    /// Chinese, Japanese or Korean characters in them.
    private(set) var wideCharacters: Int64 = 0

    /// What they are taken for where usage is missing.
    var contentTokens: Int64 { Bytes.tokens(bytes: contentBytes, wideCharacters: wideCharacters) }

    init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
        guard let base = bytes.baseAddress else { return }
        let end = range.upperBound
        var index = Bytes.skipWhitespace(base, range.lowerBound, end)
        guard index < end, bytes[index] == UInt8(ascii: "{") else { return }
        var depth = 0
        var lastComma = -1

        while index < end {
            switch base.load(fromByteOffset: index, as: UInt8.self) {
            case UInt8(ascii: "\""):
                let close = JSONWalk.stringEnd(base, index &+ 1, end)
                guard close < end else { return }
                let after = Bytes.skipWhitespace(base, close &+ 1, end)
                guard after < end, base.load(fromByteOffset: after, as: UInt8.self) == UInt8(ascii: ":") else {
                    index = close &+ 1
                    continue
                }
                let value = Bytes.skipWhitespace(base, after &+ 1, end)
                guard value < end else { return }
                if depth == 1 {
                    index = readMember(base, name: index &+ 1..<close, value: value, end, lastComma: lastComma)
                } else {
                    index = readInner(base, name: index &+ 1, close, value: value, end)
                }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth &+= 1
                index &+= 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth &-= 1
                index &+= 1
                if depth <= 0 {
                    isObject = depth == 0 && Bytes.skipWhitespace(base, index, end) == end
                    return
                }
            case UInt8(ascii: ","):
                if depth == 1 { lastComma = index }
                index &+= 1
            default:
                index &+= 1
            }
        }
    }

    /// Notes a member of the top level.
    /// - Returns: where to go on: usage and errors hold no content, whatever their members are called.
    @inline(__always)
    private mutating func readMember(
        _ base: UnsafeRawPointer,
        name: Range<Int>,
        value: Int,
        _ end: Int,
        lastComma: Int
    ) -> Int {
        let first = base.load(fromByteOffset: value, as: UInt8.self)
        switch name.count {
        case 5:
            if Bytes.equal(base, name.lowerBound, name.upperBound, "usage") {
                if first == UInt8(ascii: "n") {
                    readNullUsage(base, name: name, value: value, end, lastComma: lastComma)
                } else {
                    usage = first == UInt8(ascii: "{") ? .object : .other
                    usageValue = value..<JSONWalk.valueEnd(base, value, end)
                    return usageValue.upperBound
                }
            } else if Bytes.equal(base, name.lowerBound, name.upperBound, "error") {
                isError = first != UInt8(ascii: "n")
                if isError { return JSONWalk.valueEnd(base, value, end) }
            }
        case 7:
            if Bytes.equal(base, name.lowerBound, name.upperBound, "choices"), first == UInt8(ascii: "[") {
                let element = Bytes.skipWhitespace(base, value &+ 1, end)
                hasNoChoices = element < end && base.load(fromByteOffset: element, as: UInt8.self) == UInt8(ascii: "]")
                hasChoices = element < end && !hasNoChoices
            }
        default: break
        }
        return value
    }

    /// Notes `"usage":null`, unless an object came before: the last one that says something counts.
    private mutating func readNullUsage(
        _ base: UnsafeRawPointer,
        name: Range<Int>,
        value: Int,
        _ end: Int,
        lastComma: Int
    ) {
        guard usage == .absent, end - value > 4, Bytes.equal(base, value, value &+ 4, "null") else { return }
        usage = .null
        let after = Bytes.skipWhitespace(base, value &+ 4, end)
        guard after < end else { return }
        let next = base.load(fromByteOffset: after, as: UInt8.self)
        if lastComma >= 0, next == UInt8(ascii: ",") || next == UInt8(ascii: "}") {
            usageMember = lastComma..<value &+ 4
        } else if next == UInt8(ascii: ",") {
            usageMember = name.lowerBound &- 1..<after &+ 1
        }
    }

    /// Counts content below the top level.
    /// - Returns: where to go on.
    @inline(__always)
    private mutating func readInner(_ base: UnsafeRawPointer, name: Int, _ close: Int, value: Int, _ end: Int) -> Int {
        guard base.load(fromByteOffset: value, as: UInt8.self) == UInt8(ascii: "\"") else { return value }
        let counts: Bool
        switch close &- name {
        case 4: counts = Bytes.equal(base, name, close, "text")
        case 7: counts = Bytes.equal(base, name, close, "content") || Bytes.equal(base, name, close, "refusal")
        case 9: counts = Bytes.equal(base, name, close, "arguments") || Bytes.equal(base, name, close, "reasoning")
        case 13:
            counts = false
            if Bytes.equal(base, name, close, "finish_reason") { finishCount &+= 1 }
        case 17: counts = Bytes.equal(base, name, close, "reasoning_content")
        default: counts = false
        }
        let valueEnd = JSONWalk.stringEnd(base, value &+ 1, end)
        if counts {
            contentBytes &+= Int64(valueEnd &- value &- 1)
            wideCharacters &+= Bytes.wideCharacters(base, value &+ 1, valueEnd)
        }
        return min(valueEnd &+ 1, end)
    }
}
