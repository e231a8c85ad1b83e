/// A strict reader of RFC 8259 in one pass: accepts or refuses all bytes, reports the outermost members.
///
/// Beyond the grammar it refuses what parsers disagree about: a name given twice in one object (also when escaped), a
/// byte order mark, U+0000, lone surrogates, numbers no `Double` holds. It does not recurse; its memory is bounded by
/// ``JSONLimits`` and costs one allocation.
package enum JSONScanner {
    /// The members of the object that `range` holds, everything inside validated.
    package static func members(
        of bytes: UnsafeRawBufferPointer,
        in range: Range<Int>? = nil
    ) throws(JSONProblem) -> [JSONMember] {
        var members: [JSONMember] = []
        members.reserveCapacity(16)
        let range = range ?? 0..<bytes.count
        let kind = try scan(bytes, range, children: &members)
        guard kind == .object else { throw JSONProblem(kind: .notAnObject, offset: range.lowerBound) }
        return members
    }

    /// The elements of the array that `range` holds, everything inside validated.
    package static func elements(
        of bytes: UnsafeRawBufferPointer,
        in range: Range<Int>? = nil
    ) throws(JSONProblem) -> [JSONMember] {
        var elements: [JSONMember] = []
        let range = range ?? 0..<bytes.count
        let kind = try scan(bytes, range, children: &elements)
        guard kind == .array else { throw JSONProblem(kind: .notAnArray, offset: range.lowerBound) }
        return elements
    }

    /// Validates `range` as one value, appends the root's members or elements.
    /// - Returns: the kind of the root.
    @discardableResult
    package static func scan(
        _ bytes: UnsafeRawBufferPointer,
        _ range: Range<Int>,
        children: inout [JSONMember]
    ) throws(JSONProblem) -> JSONKind {
        guard let base = bytes.baseAddress, !range.isEmpty else { throw JSONProblem(kind: .empty, offset: 0) }
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count, "the range lies in the bytes")
        guard range.upperBound <= Int(UInt32.max) else { throw JSONProblem(kind: .tooLarge, offset: 0) }
        var scan = Scan(bytes: bytes, base: base, index: range.lowerBound, end: range.upperBound)
        do {
            return try scan.run(children: &children)
        } catch {
            throw JSONProblem(
                kind: error,
                offset: scan.index,
                member: scan.problemName.map { shown(bytes, $0) }
            )
        }
    }

    /// A name cut to what an error may show.
    private static func shown(_ bytes: UnsafeRawBufferPointer, _ name: Range<Int>) -> String {
        let text = JSONString.text(
            bytes,
            name.lowerBound..<min(name.upperBound, name.lowerBound + 256),
            hasEscapes: true
        )
        var result = ""
        for scalar in text.unicodeScalars where scalar.value >= 0x20 && scalar.value != 0x7F {
            guard result.utf8.count + 4 <= 64 else { break }
            result.unicodeScalars.append(scalar)
        }
        return result
    }
}

/// One run over the bytes.
private struct Scan {
    let bytes: UnsafeRawBufferPointer
    let base: UnsafeRawPointer
    var index: Int
    let end: Int
    /// The name an error is about.
    var problemName: Range<Int>?
    var names = NameTable()

    init(bytes: UnsafeRawBufferPointer, base: UnsafeRawPointer, index: Int, end: Int) {
        self.bytes = bytes
        self.base = base
        self.index = index
        self.end = end
    }

    @inline(__always)
    func byte(_ index: Int) -> UInt8 { base.load(fromByteOffset: index, as: UInt8.self) }

    mutating func run(children: inout [JSONMember]) throws(JSONProblem.Kind) -> JSONKind {
        var depth = 0
        /// A bit a level, the innermost lowest: set for objects.
        var objects = UInt128(0)
        var child = JSONMember(name: 0..<0, nameHasEscapes: false, start: index, value: 0..<0, kind: .null)
        var rootKind = JSONKind.null
        if byte(index) == 0xEF { throw .byteOrderMark }

        parsing: while true {
            index = Bytes.skipWhitespace(base, index, end)
            guard index < end else { throw depth == 0 ? .empty : .truncated }
            let start = index
            let level = depth
            var kind: JSONKind
            var isOpened = false
            switch byte(index) {
            case UInt8(ascii: "\""):
                kind = .string
                index &+= 1
                _ = try string()
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard depth < JSONLimits.depth else { throw .tooDeep }
                let isObject = byte(index) == UInt8(ascii: "{")
                kind = isObject ? .object : .array
                depth &+= 1
                objects = objects &<< 1 | (isObject ? 1 : 0)
                if isObject { names.open() }
                index = Bytes.skipWhitespace(base, index &+ 1, end)
                guard index < end else { throw .truncated }
                isOpened = byte(index) != (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]"))
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                kind = .number
                try number()
            case UInt8(ascii: "t"):
                kind = .bool
                try literal("true")
            case UInt8(ascii: "f"):
                kind = .bool
                try literal("false")
            case UInt8(ascii: "n"):
                kind = .null
                try literal("null")
            default:
                throw .unexpectedByte
            }
            if level == 1 {
                child.kind = kind
                child.value = start..<index
            } else if level == 0 {
                rootKind = kind
            }
            if isOpened {
                if kind == .object {
                    let name = try self.name()
                    if depth == 1 { name.store(in: &child) }
                } else if depth == 1 {
                    child.start = index
                }
                continue parsing
            }

            // A value has ended, or a container stands before its closing bracket.
            var isClosing = kind == .object || kind == .array
            while true {
                if !isClosing {
                    if depth == 0 {
                        index = Bytes.skipWhitespace(base, index, end)
                        guard index == end else {
                            problemName = nil
                            throw .trailingBytes
                        }
                        return rootKind
                    }
                    if depth == 1 {
                        child.value = child.value.lowerBound..<index
                        children.append(child)
                    }
                    index = Bytes.skipWhitespace(base, index, end)
                    guard index < end else { throw .truncated }
                    let isObject = objects & 1 == 1
                    if byte(index) == UInt8(ascii: ",") {
                        index = Bytes.skipWhitespace(base, index &+ 1, end)
                        if isObject {
                            if depth == 1 { problemName = nil }
                            let name = try self.name()
                            if depth == 1 { name.store(in: &child) }
                        } else if depth == 1 {
                            child.start = index
                        }
                        continue parsing
                    }
                    guard byte(index) == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                        throw .unexpectedByte
                    }
                }
                index &+= 1
                if objects & 1 == 1, let twice = names.close(bytes) {
                    problemName = twice
                    throw .duplicateName
                }
                objects = objects &>> 1
                depth &-= 1
                isClosing = false
            }
        }
    }

    struct Name {
        let start: Int
        let end: Int
        let hasEscapes: Bool

        @inline(__always)
        func store(in member: inout JSONMember) {
            member.name = start..<end
            member.nameHasEscapes = hasEscapes
            member.start = start &- 1
        }
    }

    /// A name and its colon.
    @inline(__always)
    mutating func name() throws(JSONProblem.Kind) -> Name {
        guard index < end else { throw .truncated }
        guard byte(index) == UInt8(ascii: "\"") else { throw .unexpectedByte }
        index &+= 1
        let start = index
        let hasEscapes = try string()
        let name = Name(start: start, end: index &- 1, hasEscapes: hasEscapes)
        if names.isOutermost { problemName = start..<name.end }
        switch names.add(bytes, base, start, name.end, hasEscapes: hasEscapes) {
        case .added: break
        case .twice:
            problemName = start..<name.end
            throw .duplicateName
        case .tooMany: throw .tooManyMembers
        }
        index = Bytes.skipWhitespace(base, index, end)
        guard index < end else { throw .truncated }
        guard byte(index) == UInt8(ascii: ":") else { throw .unexpectedByte }
        index &+= 1
        return name
    }

    /// The rest of a string, from after its opening quote to after its closing one.
    /// - Returns: whether it holds escapes.
    @inline(__always)
    mutating func string() throws(JSONProblem.Kind) -> Bool {
        var hasEscapes = false
        while true {
            index = Bytes.firstSpecial(base, index, end)
            guard index < end else { throw .truncated }
            let special = byte(index)
            if special == UInt8(ascii: "\"") {
                index &+= 1
                return hasEscapes
            }
            if special == UInt8(ascii: "\\") {
                hasEscapes = true
                try escape()
            } else if special >= 0x80 {
                try sequence()
            } else {
                throw special == 0 ? .nul : .controlCharacter
            }
        }
    }

    mutating func escape() throws(JSONProblem.Kind) {
        guard index &+ 1 < end else { throw .truncated }
        switch byte(index &+ 1) {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            index &+= 2
        case UInt8(ascii: "u"):
            guard end &- index >= 6 else { throw .truncated }
            guard let unit = JSONString.hexadecimal(bytes, index &+ 2, end) else { throw .badEscape }
            if unit == 0 { throw .nul }
            if unit & 0xF800 != 0xD800 {
                index &+= 6
                return
            }
            guard unit & 0xFC00 == 0xD800, end &- index >= 12, byte(index &+ 6) == UInt8(ascii: "\\"),
                byte(index &+ 7) == UInt8(ascii: "u"), let low = JSONString.hexadecimal(bytes, index &+ 8, end),
                low & 0xFC00 == 0xDC00
            else { throw .loneSurrogate }
            index &+= 12
        default: throw .badEscape
        }
    }

    /// Non-ASCII characters up to the next ASCII byte, by the table of Unicode 3.9 (no overlong forms, no surrogates).
    mutating func sequence() throws(JSONProblem.Kind) {
        while index < end {
            let lead = byte(index)
            if lead < 0x80 { return }
            let length: Int
            var lowest: UInt8 = 0x80
            var highest: UInt8 = 0xBF
            switch lead {
            case 0xC2...0xDF: length = 2
            case 0xE0...0xEF:
                length = 3
                if lead == 0xE0 { lowest = 0xA0 }
                if lead == 0xED { highest = 0x9F }
            case 0xF0...0xF4:
                length = 4
                if lead == 0xF0 { lowest = 0x90 }
                if lead == 0xF4 { highest = 0x8F }
            default: throw .badUTF8
            }
            guard end &- index >= length else { throw .badUTF8 }
            let second = byte(index &+ 1)
            guard second >= lowest, second <= highest else { throw .badUTF8 }
            if length > 2, byte(index &+ 2) & 0xC0 != 0x80 { throw .badUTF8 }
            if length > 3, byte(index &+ 3) & 0xC0 != 0x80 { throw .badUTF8 }
            index &+= length
        }
    }

    /// A number whose value lies within ±10³⁰⁸ and is no smaller than a `Double` tells from zero.
    mutating func number() throws(JSONProblem.Kind) {
        let start = index
        if byte(index) == UInt8(ascii: "-") { index &+= 1 }
        let wholeDigits = digits()
        guard wholeDigits > 0 else { throw index < end ? .badNumber : .truncated }
        let beginsWithZero = byte(index &- wholeDigits) == UInt8(ascii: "0")
        if wholeDigits > 1, beginsWithZero { throw .badNumber }
        var leadingZeros = 0
        if index < end, byte(index) == UInt8(ascii: ".") {
            index &+= 1
            let count = digits()
            guard count > 0 else { throw index < end ? .badNumber : .truncated }
            if beginsWithZero {
                let fraction = index &- count
                while leadingZeros < count, byte(fraction &+ leadingZeros) == UInt8(ascii: "0") { leadingZeros &+= 1 }
            }
        }
        guard index &- start <= JSONLimits.digitsPerNumber else { throw .numberOutOfRange }
        var exponent = 0
        if index < end, byte(index) | 0x20 == UInt8(ascii: "e") {
            index &+= 1
            guard index < end else { throw .truncated }
            let isNegative = byte(index) == UInt8(ascii: "-")
            if isNegative || byte(index) == UInt8(ascii: "+") { index &+= 1 }
            let count = digits()
            guard count > 0 else { throw index < end ? .badNumber : .truncated }
            guard count <= 4 else { throw .numberOutOfRange }
            for digit in index &- count..<index { exponent = exponent &* 10 &+ Int(byte(digit) &- UInt8(ascii: "0")) }
            if isNegative { exponent = -exponent }
        }
        guard wholeDigits &+ exponent <= 308, exponent &- leadingZeros >= -300 else { throw .numberOutOfRange }
    }

    @inline(__always)
    private mutating func digits() -> Int {
        let start = index
        while index < end, byte(index) &- UInt8(ascii: "0") <= 9 { index &+= 1 }
        return index &- start
    }

    @inline(__always)
    private mutating func literal(_ text: StaticString) throws(JSONProblem.Kind) {
        let after = index &+ text.utf8CodeUnitCount
        guard after <= end else { throw .truncated }
        guard Bytes.equal(base, index, after, text) else { throw .unexpectedByte }
        index = after
    }
}

extension JSONProblem.Kind: Error {}
