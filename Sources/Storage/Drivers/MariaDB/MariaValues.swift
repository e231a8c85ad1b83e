import CMariaDB

/// What is bound to a statement, row after row of it.
struct MariaValues {
    enum Kind: UInt8 {
        case null, integer, text, blob
    }

    private(set) var width: Int
    private(set) var rows = 0
    private var kinds: [Kind] = []
    /// An integer, or where bytes begin.
    private var numbers: [Int64] = []
    private var counts: [Int] = []
    private(set) var bytes: [UInt8] = []

    init(width: Int) { self.width = width }

    /// One row, all of it null.
    mutating func beginRow() {
        rows += 1
        kinds.append(contentsOf: repeatElement(.null, count: width))
        numbers.append(contentsOf: repeatElement(0, count: width))
        counts.append(contentsOf: repeatElement(0, count: width))
    }

    /// In the last row. - Parameter column: from 0.
    mutating func set(_ value: Int64, at column: Int) {
        let place = (rows - 1) * width + column
        kinds[place] = .integer
        numbers[place] = value
    }

    mutating func set(_ kind: Kind, _ value: UnsafeRawBufferPointer, at column: Int) {
        let place = (rows - 1) * width + column
        kinds[place] = kind
        numbers[place] = Int64(bytes.count)
        counts[place] = value.count
        bytes.append(contentsOf: value)
    }

    mutating func setNull(at column: Int) { kinds[(rows - 1) * width + column] = .null }

    mutating func removeAll() {
        rows = 0
        kinds.removeAll(keepingCapacity: true)
        numbers.removeAll(keepingCapacity: true)
        counts.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
    }

    /// Whether the rows of both can go in one message: each column is of one kind, or null.
    func agrees(with other: MariaValues) -> Bool {
        guard width == other.width else { return false }
        for column in 0..<width {
            let (mine, its) = (kind(of: column), other.kind(of: column))
            if mine != its, mine != .null, its != .null { return false }
        }
        return true
    }

    mutating func append(_ other: MariaValues) {
        let start = Int64(bytes.count)
        for (kind, number) in zip(other.kinds, other.numbers) {
            numbers.append(kind == .text || kind == .blob ? number + start : number)
        }
        kinds += other.kinds
        counts += other.counts
        bytes += other.bytes
        rows += other.rows
    }

    /// A row of its own.
    func row(_ index: Int) -> MariaValues {
        var row = MariaValues(width: width)
        let places = index * width..<(index + 1) * width
        row.rows = 1
        row.kinds = Array(kinds[places])
        row.numbers = Array(numbers[places])
        row.counts = Array(counts[places])
        row.bytes = bytes
        return row
    }

    private func kind(of column: Int) -> Kind {
        var place = column
        while place < kinds.count {
            if kinds[place] != .null { return kinds[place] }
            place += width
        }
        return .null
    }

    /// Lends what the library binds: a column at a time, its values side by side.
    func withBinds<Value>(_ body: (UnsafeMutablePointer<MYSQL_BIND>?) -> Value) -> Value {
        guard width > 0 else { return body(nil) }
        // Column by column.
        var integers = [Int64](repeating: 0, count: width * rows)
        var lengths = [UInt](repeating: 0, count: width * rows)
        var starts = [UnsafeMutableRawPointer?](repeating: nil, count: width * rows)
        var indicators = [CChar](repeating: 0, count: width * rows)
        var binds = [MYSQL_BIND](repeating: MYSQL_BIND(), count: width)
        return bytes.withUnsafeBytes { bytes in
            let base = UnsafeMutableRawPointer(mutating: bytes.baseAddress ?? Self.empty)
            for column in 0..<width {
                for row in 0..<rows {
                    let (from, to) = (row * width + column, column * rows + row)
                    switch kinds[from] {
                    case .null: indicators[to] = CChar(STMT_INDICATOR_NULL.rawValue)
                    case .integer: integers[to] = numbers[from]
                    case .text, .blob:
                        starts[to] = base + Int(numbers[from])
                        lengths[to] = UInt(counts[from])
                    }
                }
            }
            return integers.withUnsafeMutableBufferPointer { integers in
                lengths.withUnsafeMutableBufferPointer { lengths in
                    starts.withUnsafeMutableBufferPointer { starts in
                        indicators.withUnsafeMutableBufferPointer { indicators in
                            for column in 0..<width {
                                let first = column * rows
                                let kind = kind(of: column)
                                binds[column].length = lengths.baseAddress?.advanced(by: first)
                                switch kind {
                                case .null where rows == 1: binds[column].buffer_type = MYSQL_TYPE_NULL
                                case .null, .integer:
                                    binds[column].buffer_type = MYSQL_TYPE_LONGLONG
                                    binds[column].buffer = UnsafeMutableRawPointer(
                                        integers.baseAddress?.advanced(by: first)
                                    )
                                case .text, .blob:
                                    binds[column].buffer_type = kind == .text ? MYSQL_TYPE_STRING : MYSQL_TYPE_BLOB
                                    binds[column].buffer =
                                        rows == 1
                                        ? starts[first]
                                        : UnsafeMutableRawPointer(starts.baseAddress?.advanced(by: first))
                                    binds[column].buffer_length = lengths[first]
                                }
                                if rows > 1 { binds[column].u.indicator = indicators.baseAddress?.advanced(by: first) }
                            }
                            return binds.withUnsafeMutableBufferPointer { body($0.baseAddress) }
                        }
                    }
                }
            }
        }
    }

    /// Where no bytes are; an empty value has a place too.
    private nonisolated(unsafe) static let empty = UnsafeRawPointer(
        UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1)
    )
}
