/// Makes new inputs out of old ones.
struct Mutator {
    /// Words of the format.
    let words: [[UInt8]]
    let largestBytes: Int

    /// What decimal readers go wrong at.
    private static let numbers: [[UInt8]] = [
        "0", "-0", "1", "-1", "00", "01", "127", "128", "255", "256", "2147483647", "2147483648", "4294967295",
        "4294967296", "9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
        "-9223372036854775809", "18446744073709551616", "1e3", "1E+2", "1e-1", "1e308", "1e309", "-1e-300", "0.1",
        "1.0",
        "0.000000000001", "0.0000000000001", "9223372.036854775807", "9223372.036854775808", "1.", ".5", "0x10",
        "1_000",
        "65535", "65536", "10000", "99999999999999999999999999999999999999",
    ].map { Array($0.utf8) }

    /// White space and line ends, UTF-8 right and wrong, what case folding and grapheme breaking trip over.
    private static let oddities: [[UInt8]] = [
        [0x00], [0x20], [0x09], [0x0A], [0x0D], [0x0D, 0x0A], [0x0A, 0x0A], [0x0D, 0x0D], [0x0B], [0x7F], [0x22],
        [0x5C],
        [0xC2, 0xA0], [0xC2, 0x85], [0xE2, 0x80, 0xA8], [0xEF, 0xBB, 0xBF], [0xCC, 0x81], [0xC3, 0xA9],
        [0xE4, 0xB8, 0xAD],
        [0xE2, 0x84, 0xAA], [0xC4, 0xB0], [0xEF, 0xBC, 0x91], [0xD9, 0xA1], [0xF0, 0x9F, 0x98, 0x80],
        [0xE2, 0x80, 0x8D], [0xC0, 0x80], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF],
        [0xF4, 0x90, 0x80, 0x80], [0xF8, 0x88], [0x80], [0xC3], [0xE4, 0xB8], [0xFF],
    ]

    func mutate(_ input: [UInt8], beside other: [UInt8], _ random: inout FuzzRandom) -> [UInt8] {
        var bytes = input
        repeat { step(&bytes, beside: other, &random) } while !random.oneIn(3)
        if bytes.count > largestBytes { bytes.removeLast(bytes.count - largestBytes) }
        return bytes
    }

    private func step(_ bytes: inout [UInt8], beside other: [UInt8], _ random: inout FuzzRandom) {
        let place = place(in: bytes, &random)
        switch random.below(16) {
        case 0:
            guard place < bytes.count else { return }
            bytes[place] ^= 1 << UInt8(random.below(8))
        case 1:
            guard place < bytes.count else { return }
            bytes[place] = UInt8(truncatingIfNeeded: random.next())
        case 2:
            bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
        case 3:
            bytes.removeSubrange(range(in: bytes, &random))
        case 4:
            let piece = Array(bytes[range(in: bytes, &random)])
            bytes.insert(contentsOf: piece, at: random.oneIn(2) ? place : min(place + piece.count, bytes.count))
        case 5, 6:
            if !words.isEmpty { bytes.insert(contentsOf: random.pick(words), at: place) }
        case 7, 8:
            if !words.isEmpty { bytes.replaceSubrange(range(in: bytes, &random), with: random.pick(words)) }
        case 9:
            bytes.insert(contentsOf: other[range(in: other, &random)], at: place)
        case 10:
            bytes.replaceSubrange(range(in: bytes, &random), with: other[range(in: other, &random)])
        case 11:
            bytes.removeLast(random.below(bytes.count + 1))
        case 12:
            let digits = run(in: bytes, around: place) { $0 &- 0x30 <= 9 || $0 == 0x2D || $0 == 0x2E }
            bytes.replaceSubrange(digits, with: random.oneIn(4) ? number(&random) : random.pick(Self.numbers))
        case 13:
            bytes.insert(contentsOf: random.pick(Self.oddities), at: place)
        case 14:
            let piece = random.oneIn(2) && !words.isEmpty ? random.pick(words) : Array(bytes[range(in: bytes, &random)])
            guard !piece.isEmpty else { return }
            let times = min(1 << random.below(10), largestBytes / piece.count)
            bytes.insert(contentsOf: (0..<times).flatMap { _ in piece }, at: place)
        default:
            guard place < bytes.count else { return }
            bytes[place] = bytes[place] &+ UInt8(random.below(17)) &- 8
        }
    }

    /// Anywhere, or behind the next byte that separates.
    private func place(in bytes: [UInt8], _ random: inout FuzzRandom) -> Int {
        let place = random.below(bytes.count + 1)
        guard random.oneIn(2), let separator = bytes[place...].firstIndex(where: Self.opens) else { return place }
        return separator + 1
    }

    /// Some bytes: a word or number as it stands, what stands between two separators, or any.
    private func range(in bytes: [UInt8], _ random: inout FuzzRandom) -> Range<Int> {
        let start = place(in: bytes, &random)
        switch random.below(4) {
        case 0: return run(in: bytes, around: start, Self.isWordByte)
        case 1: return start..<(bytes[start...].firstIndex(where: Self.closes) ?? bytes.count)
        case 2: return start..<min(bytes.count, (bytes[start...].firstIndex(where: Self.closes) ?? bytes.count) + 1)
        default: break
        }
        let most = random.oneIn(8) ? bytes.count - start : min(16, bytes.count - start)
        return start..<start + random.below(most + 1)
    }

    private func run(in bytes: [UInt8], around place: Int, _ belongs: (UInt8) -> Bool) -> Range<Int> {
        var (start, end) = (place, place)
        while start > 0, belongs(bytes[start - 1]) { start -= 1 }
        while end < bytes.count, belongs(bytes[end]) { end += 1 }
        return start..<end
    }

    /// `{`, `[`, comma, colon, line ends, point, slash, space.
    private static func opens(_ byte: UInt8) -> Bool {
        [0x7B, 0x5B, 0x2C, 0x3A, 0x0A, 0x0D, 0x2E, 0x2F, 0x20].contains(byte)
    }

    /// `}`, `]`, comma, line ends, point, slash, space.
    private static func closes(_ byte: UInt8) -> Bool {
        [0x7D, 0x5D, 0x2C, 0x0A, 0x0D, 0x2E, 0x2F, 0x20].contains(byte)
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        byte &- 0x30 <= 9 || (byte | 0x20) &- 0x61 <= 25 || byte == 0x5F || byte >= 0x80
    }

    private func number(_ random: inout FuzzRandom) -> [UInt8] { Array(String(random.integer()).utf8) }
}
