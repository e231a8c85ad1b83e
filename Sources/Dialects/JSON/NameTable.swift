/// The names of all open objects, innermost last, to find one given twice.
///
/// Small objects compare hashes as names come; larger ones are checked with a table when they close. Either way the work
/// is linear in the number of names: hashes are seeded per process, so nobody can aim for collisions.
struct NameTable {
    private struct Entry {
        /// Of the unescaped name; in the entry that opens an object, the previous object's first entry.
        var hash: UInt64
        var start: UInt32
        var end: UInt32
        var hasEscapes: Bool
    }

    enum Outcome {
        case added
        case twice
        case tooMany
    }

    private static let seed = UInt64.random(in: .min ... .max)
    private static let smallCount = 16

    private var entries: [Entry] = []
    /// The first name of the innermost object.
    private var first = 0
    private var openCount = 0

    init() { entries.reserveCapacity(48) }

    /// Whether the innermost object is the only one open.
    var isOutermost: Bool { openCount == 1 }

    @inline(__always)
    mutating func open() {
        entries.append(Entry(hash: UInt64(first), start: 0, end: 0, hasEscapes: false))
        first = entries.count
        openCount &+= 1
    }

    @inline(__always)
    mutating func add(
        _ bytes: UnsafeRawBufferPointer,
        _ base: UnsafeRawPointer,
        _ start: Int,
        _ end: Int,
        hasEscapes: Bool
    ) -> Outcome {
        let hash = hasEscapes ? Self.hashUnescaped(bytes, start..<end) : Self.hash(base, start, end)
        let entry = Entry(
            hash: hash,
            start: UInt32(truncatingIfNeeded: start),
            end: UInt32(truncatingIfNeeded: end),
            hasEscapes: hasEscapes
        )
        let count = entries.count &- first
        if count < Self.smallCount {
            var index = first
            while index < entries.count {
                if entries[index].hash == hash, Self.isSame(bytes, entries[index], entry) { return .twice }
                index &+= 1
            }
        } else if count >= JSONLimits.membersPerObject {
            return .tooMany
        }
        entries.append(entry)
        return .added
    }

    /// Forgets the innermost object.
    /// - Returns: a name it holds twice, if any.
    @inline(__always)
    mutating func close(_ bytes: UnsafeRawBufferPointer) -> Range<Int>? {
        let twice = entries.count &- first > Self.smallCount ? twice(bytes) : nil
        let opening = first &- 1
        first = Int(truncatingIfNeeded: entries[opening].hash)
        entries.removeLast(entries.count &- opening)
        openCount &-= 1
        return twice
    }

    private func twice(_ bytes: UnsafeRawBufferPointer) -> Range<Int>? {
        let count = entries.count - first
        let size = 1 << (Int.bitWidth - (2 * count).leadingZeroBitCount)
        return withUnsafeTemporaryAllocation(of: UInt32.self, capacity: size) { slots in
            slots.initialize(repeating: .max)
            for index in first..<entries.count {
                let entry = entries[index]
                var slot = Int(truncatingIfNeeded: entry.hash) & (size - 1)
                while slots[slot] != .max {
                    let other = entries[Int(slots[slot])]
                    if other.hash == entry.hash, Self.isSame(bytes, other, entry) {
                        return Int(entry.start)..<Int(entry.end)
                    }
                    slot = (slot + 1) & (size - 1)
                }
                slots[slot] = UInt32(index)
            }
            return nil
        }
    }

    private static func isSame(_ bytes: UnsafeRawBufferPointer, _ left: Entry, _ right: Entry) -> Bool {
        JSONString.text(bytes, Int(left.start)..<Int(left.end), hasEscapes: left.hasEscapes).utf8
            .elementsEqual(JSONString.text(bytes, Int(right.start)..<Int(right.end), hasEscapes: right.hasEscapes).utf8)
    }

    @inline(__always)
    private static func hash(_ base: UnsafeRawPointer, _ start: Int, _ end: Int) -> UInt64 {
        var state = seed ^ UInt64(truncatingIfNeeded: end &- start)
        var index = start
        while end &- index >= 8 {
            state = mix(state, Bytes.word(base, index))
            index &+= 8
        }
        var rest: UInt64 = 0
        while index < end {
            rest = rest &<< 8 | UInt64(base.load(fromByteOffset: index, as: UInt8.self))
            index &+= 1
        }
        return mix(state, rest)
    }

    private static func hashUnescaped(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> UInt64 {
        var unescaped: [UInt8] = []
        JSONString.unescape(bytes, range, into: &unescaped)
        return unescaped.withUnsafeBytes { unescaped in
            guard let base = unescaped.baseAddress else { return mix(seed, 0) }
            return hash(base, 0, unescaped.count)
        }
    }

    @inline(__always)
    private static func mix(_ state: UInt64, _ word: UInt64) -> UInt64 {
        let (high, low) = (state ^ word).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return high ^ low ^ (state &<< 29 | state &>> 35)
    }
}
