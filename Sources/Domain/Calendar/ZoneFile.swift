/// Reads a zone from the bytes of a compiled time zone file (TZif, RFC 9636).
extension Zone {
    private static let headerBytes = 44

    /// - Returns: nil for bytes that are no such file of version 2 or later, or whose offsets ``Zone`` does not hold.
    package init?(name: String, file: [UInt8]) {
        guard let old = ZoneFileHeader(file, at: 0), old.version >= 2 else { return nil }
        // Version 1's block, with times of 32 bits, stands first and is passed over.
        let second = Self.headerBytes + old.bodyBytes(timeBytes: 4)
        guard let header = ZoneFileHeader(file, at: second) else { return nil }
        let times = second + Self.headerBytes
        let types = times + header.timeCount * 8
        let offsets = types + header.timeCount
        let footer = second + Self.headerBytes + header.bodyBytes(timeBytes: 8)
        guard footer <= file.count, header.typeCount > 0 else { return nil }
        func offset(ofType type: Int) -> Int64? {
            guard type < header.typeCount else { return nil }
            return file.bigEndian(at: offsets + type * 6, bytes: 4).map { Int64(Int32(truncatingIfNeeded: $0)) }
        }
        guard let initial = offset(ofType: 0) else { return nil }
        var changes: [(at: Int64, offset: Int64)] = []
        for index in 0..<header.timeCount {
            guard let at = file.bigEndian(at: times + index * 8, bytes: 8),
                let offset = offset(ofType: Int(file[types + index])), changes.last.map({ $0.at < at }) ?? true
            else { return nil }
            changes.append((at, offset))
        }
        // What the file's times do not reach, the rule in its last line does.
        let rule = file[footer...].split(separator: UInt8(ascii: "\n")).first.map {
            String(decoding: $0, as: UTF8.self)
        }
        if let rule, !rule.isEmpty {
            guard let rule = ZoneRule(parsing: rule) else { return nil }
            let last = changes.last?.at ?? .min
            for change in rule.changes(from: Self.earliest.year, through: Self.latest.year) where change.at > last {
                changes.append(change)
            }
            if changes.isEmpty { changes.append((.min, rule.standardOffset)) }
        }
        self.init(name: name, initial: initial, changes: changes)
    }
}

private struct ZoneFileHeader {
    let version: Int
    let timeCount: Int
    let typeCount: Int
    private let universalCount: Int
    private let standardCount: Int
    private let leapCount: Int
    private let characterCount: Int

    init?(_ file: [UInt8], at start: Int) {
        guard start + 44 <= file.count, file[start..<start + 4].elementsEqual("TZif".utf8) else { return nil }
        version = Int(file[start + 4]) - 48
        var counts: [Int] = []
        for index in 0..<6 {
            guard let count = file.bigEndian(at: start + 20 + index * 4, bytes: 4), count <= 65_536 else { return nil }
            counts.append(Int(count))
        }
        (universalCount, standardCount, leapCount) = (counts[0], counts[1], counts[2])
        (timeCount, typeCount, characterCount) = (counts[3], counts[4], counts[5])
    }

    func bodyBytes(timeBytes: Int) -> Int {
        timeCount * (timeBytes + 1) + typeCount * 6 + characterCount + leapCount * (timeBytes + 4) + standardCount
            + universalCount
    }
}

extension [UInt8] {
    fileprivate func bigEndian(at start: Int, bytes count: Int) -> Int64? {
        guard start >= 0, start + count <= self.count else { return nil }
        return Int64(bitPattern: self[start..<start + count].reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }
}
