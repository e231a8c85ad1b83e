/// Byte searches that look at eight bytes at a time; `memchr` without a C library.
enum Bytes {
    static let ones: UInt64 = 0x0101_0101_0101_0101
    static let highs: UInt64 = 0x8080_8080_8080_8080

    /// Eight bytes from `index`, the first one lowest; the caller has checked that they exist.
    @inline(__always)
    static func word(_ base: UnsafeRawPointer, _ index: Int) -> UInt64 {
        UInt64(littleEndian: base.loadUnaligned(fromByteOffset: index, as: UInt64.self))
    }

    /// The high bit of each byte of `word` that equals `byte`; exact for the lowest such byte.
    @inline(__always)
    static func matches(_ word: UInt64, _ byte: UInt8) -> UInt64 {
        let difference = word ^ (ones &* UInt64(byte))
        return (difference &- ones) & ~difference & highs
    }

    /// The first `byte` in `start..<end`, or `end`.
    @inline(__always)
    static func first(_ byte: UInt8, _ base: UnsafeRawPointer, _ start: Int, _ end: Int) -> Int {
        var index = start
        while end &- index >= 8 {
            let found = matches(word(base, index), byte)
            if found != 0 { return index &+ found.trailingZeroBitCount &>> 3 }
            index &+= 8
        }
        while index < end, base.load(fromByteOffset: index, as: UInt8.self) != byte { index &+= 1 }
        return index
    }

    /// The first quote or backslash in `start..<end`, or `end`.
    @inline(__always)
    static func firstQuoteOrBackslash(_ base: UnsafeRawPointer, _ start: Int, _ end: Int) -> Int {
        var index = start
        while end &- index >= 8 {
            let eight = word(base, index)
            let found = matches(eight, UInt8(ascii: "\"")) | matches(eight, UInt8(ascii: "\\"))
            if found != 0 { return index &+ found.trailingZeroBitCount &>> 3 }
            index &+= 8
        }
        while index < end {
            let byte = base.load(fromByteOffset: index, as: UInt8.self)
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return index }
            index &+= 1
        }
        return end
    }

    /// The first byte of `start..<end` that a JSON string cannot hold as it is or that ends it: quote, backslash,
    /// control, non-ASCII; or `end`.
    @inline(__always)
    static func firstSpecial(_ base: UnsafeRawPointer, _ start: Int, _ end: Int) -> Int {
        var index = start
        while end &- index >= 8 {
            let eight = word(base, index)
            let controls = (eight &- (ones &* 0x20)) & ~eight
            let found =
                (matches(eight, UInt8(ascii: "\"")) | matches(eight, UInt8(ascii: "\\")) | controls | eight) & highs
            if found != 0 { return index &+ found.trailingZeroBitCount &>> 3 }
            index &+= 8
        }
        while index < end {
            let byte = base.load(fromByteOffset: index, as: UInt8.self)
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 || byte >= 0x80 { return index }
            index &+= 1
        }
        return end
    }

    /// The first byte of `start..<end` that is not JSON white space, or `end`.
    @inline(__always)
    static func skipWhitespace(_ base: UnsafeRawPointer, _ start: Int, _ end: Int) -> Int {
        var index = start
        while index < end {
            let byte = base.load(fromByteOffset: index, as: UInt8.self)
            if byte > 0x20 { return index }
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return index }
            index &+= 1
        }
        return index
    }

    /// Whether `start..<end` holds exactly the ASCII text `text`.
    @inline(__always)
    static func equal(_ base: UnsafeRawPointer, _ start: Int, _ end: Int, _ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard end &- start == count else { return false }
        let other = UnsafeRawPointer(text.utf8Start)
        var index = 0
        while count &- index >= 8 {
            if word(base, start &+ index) != word(other, index) { return false }
            index &+= 8
        }
        while index < count {
            if base.load(fromByteOffset: start &+ index, as: UInt8.self)
                != other.load(fromByteOffset: index, as: UInt8.self)
            {
                return false
            }
            index &+= 1
        }
        return true
    }

    /// What text is guessed for in tokens: four bytes each, or one Chinese, Japanese or Korean character.
    @inline(__always)
    static func tokens(bytes: Int64, wideCharacters: Int64) -> Int64 {
        wideCharacters &+ (bytes &- 3 &* wideCharacters &+ 3) / 4
    }

    /// Characters from U+3000 to U+D7FF, and those beyond U+20000.
    @inline(__always)
    static func wideCharacters(_ base: UnsafeRawPointer, _ start: Int, _ end: Int) -> Int64 {
        var index = start
        var count: Int64 = 0
        while index < end {
            if end &- index >= 8, word(base, index) & highs == 0 {
                index &+= 8
                continue
            }
            switch base.load(fromByteOffset: index, as: UInt8.self) {
            case 0xE3...0xED, 0xF0:
                count &+= 1
                index &+= 3
            default: index &+= 1
            }
        }
        return count
    }
}
