/// The fields of one event, as ranges of its bytes.
package struct SSEEvent: Sendable {
    /// The value of its last `event:` field.
    package private(set) var name: Range<Int>?
    /// The value of its first `data:` field.
    package private(set) var data: Range<Int>?
    /// How many `data:` fields it has; more than one make one text, joined by LF.
    package private(set) var dataLineCount = 0
    /// An `error:` field, which llama.cpp once sent in place of `data:`.
    package private(set) var error: Range<Int>?

    private var start: Int
    private var end: Int

    /// Reads `range`, which may or may not include the blank line.
    /// - Parameter isFirst: whether the stream begins with it; a byte order mark is skipped there.
    package init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, isFirst: Bool = false) {
        start = range.lowerBound
        end = range.upperBound
        if isFirst, end - start >= 3, bytes[start] == 0xEF, bytes[start + 1] == 0xBB, bytes[start + 2] == 0xBF {
            start += 3
        }
        var lineStart = start
        while let line = Self.line(bytes, &lineStart, end) {
            guard let (field, value) = Self.field(bytes, line) else { continue }
            switch field {
            case .data:
                if dataLineCount == 0 { data = value }
                dataLineCount += 1
            case .event: name = value
            case .error: error = value
            }
        }
    }

    /// The whole data of an event that has several `data:` fields.
    package func joinedData(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var joined: [UInt8] = []
        joined.reserveCapacity(end - start)
        var lineStart = start
        var count = 0
        while let line = Self.line(bytes, &lineStart, end) {
            guard let (field, value) = Self.field(bytes, line), field == .data else { continue }
            if count > 0 { joined.append(UInt8(ascii: "\n")) }
            count += 1
            joined.append(contentsOf: bytes[value])
        }
        return joined
    }

    private enum Field {
        case data
        case event
        case error
    }

    /// The next line without its end; nil after the last.
    @inline(__always)
    private static func line(_ bytes: UnsafeRawBufferPointer, _ start: inout Int, _ end: Int) -> Range<Int>? {
        guard start < end, let base = bytes.baseAddress else { return nil }
        let lineFeed = Bytes.first(UInt8(ascii: "\n"), base, start, end)
        let lineEnd = Bytes.first(UInt8(ascii: "\r"), base, start, lineFeed)
        let line = start..<lineEnd
        start = lineEnd &+ 1
        if lineEnd < lineFeed, start == lineFeed { start &+= 1 }
        return line
    }

    @inline(__always)
    private static func field(_ bytes: UnsafeRawBufferPointer, _ line: Range<Int>) -> (Field, Range<Int>)? {
        guard line.count >= 4, let base = bytes.baseAddress else { return nil }
        let field: Field
        let nameEnd: Int
        if Bytes.equal(base, line.lowerBound, line.lowerBound &+ 4, "data") {
            field = .data
            nameEnd = line.lowerBound &+ 4
        } else if line.count >= 5, Bytes.equal(base, line.lowerBound, line.lowerBound &+ 5, "event") {
            field = .event
            nameEnd = line.lowerBound &+ 5
        } else if line.count >= 5, Bytes.equal(base, line.lowerBound, line.lowerBound &+ 5, "error") {
            field = .error
            nameEnd = line.lowerBound &+ 5
        } else {
            return nil
        }
        if nameEnd == line.upperBound { return (field, nameEnd..<nameEnd) }
        guard bytes[nameEnd] == UInt8(ascii: ":") else { return nil }
        var valueStart = nameEnd &+ 1
        if valueStart < line.upperBound, bytes[valueStart] == UInt8(ascii: " ") { valueStart &+= 1 }
        return (field, valueStart..<line.upperBound)
    }
}
