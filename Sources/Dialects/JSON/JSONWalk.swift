/// Quick steps over JSON that the scanner has accepted; on anything else they stay within bounds and end.
enum JSONWalk {
    /// The closing quote of a string whose text begins at `start`, or `end`.
    @inline(__always)
    static func stringEnd(_ base: UnsafeRawPointer, _ start: Int, _ end: Int) -> Int {
        var index = start
        while true {
            index = Bytes.firstQuoteOrBackslash(base, index, end)
            guard index < end else { return end }
            if base.load(fromByteOffset: index, as: UInt8.self) == UInt8(ascii: "\"") { return index }
            index = min(index &+ 2, end)
        }
    }

    /// The end of the value at `start`; `end` where it is cut off.
    static func valueEnd(_ base: UnsafeRawPointer, _ start: Int, _ end: Int) -> Int {
        var index = start
        var depth = 0
        while index < end {
            switch base.load(fromByteOffset: index, as: UInt8.self) {
            case UInt8(ascii: "\""):
                index = min(stringEnd(base, index &+ 1, end) &+ 1, end)
                if depth == 0 { return index }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth &+= 1
                index &+= 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return index }
                depth &-= 1
                index &+= 1
                if depth == 0 { return index }
            case UInt8(ascii: ","), 0x20, 0x09, 0x0A, 0x0D:
                if depth == 0 { return index }
                index &+= 1
            default:
                index &+= 1
            }
        }
        return end
    }

    static func kind(_ first: UInt8) -> JSONKind {
        switch first {
        case UInt8(ascii: "{"): .object
        case UInt8(ascii: "["): .array
        case UInt8(ascii: "\""): .string
        case UInt8(ascii: "n"): .null
        case UInt8(ascii: "t"), UInt8(ascii: "f"): .bool
        default: .number
        }
    }

    /// Visits the members of the object, or the elements of the array, in `range`.
    static func forEachChild(
        _ bytes: UnsafeRawBufferPointer,
        _ range: Range<Int>,
        _ visit: (JSONMember) -> Void
    ) {
        guard let base = bytes.baseAddress, !range.isEmpty else { return }
        let end = range.upperBound
        let isObject = bytes[range.lowerBound] == UInt8(ascii: "{")
        guard isObject || bytes[range.lowerBound] == UInt8(ascii: "[") else { return }
        var index = range.lowerBound &+ 1
        while true {
            index = Bytes.skipWhitespace(base, index, end)
            guard index < end else { return }
            var child = JSONMember(name: 0..<0, nameHasEscapes: false, start: index, value: 0..<0, kind: .null)
            if isObject {
                guard bytes[index] == UInt8(ascii: "\"") else { return }
                let close = stringEnd(base, index &+ 1, end)
                child.name = index &+ 1..<max(index &+ 1, close)
                child.nameHasEscapes = Bytes.first(UInt8(ascii: "\\"), base, index &+ 1, close) < close
                index = Bytes.skipWhitespace(base, min(close &+ 1, end), end)
                guard index < end, bytes[index] == UInt8(ascii: ":") else { return }
                index = Bytes.skipWhitespace(base, index &+ 1, end)
                guard index < end else { return }
            }
            let after = valueEnd(base, index, end)
            guard after > index else { return }
            child.kind = kind(bytes[index])
            child.value = index..<after
            visit(child)
            index = Bytes.skipWhitespace(base, after, end)
            guard index < end, bytes[index] == UInt8(ascii: ",") else { return }
            index &+= 1
        }
    }
}
