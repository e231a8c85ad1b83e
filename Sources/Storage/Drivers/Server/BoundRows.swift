/// What is bound to a server's statement, row after row of it.
struct BoundRows {
    enum Kind: UInt8 {
        case null, integer, text, blob
    }

    let width: Int
    private(set) var rows = 0
    private(set) var kinds: [Kind] = []
    /// An integer, or where bytes begin.
    private(set) var numbers: [Int64] = []
    /// How many bytes.
    private(set) var counts: [Int] = []
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
    func agrees(with other: BoundRows) -> Bool {
        guard width == other.width else { return false }
        for column in 0..<width {
            let (mine, its) = (kind(of: column), other.kind(of: column))
            if mine != its, mine != .null, its != .null { return false }
        }
        return true
    }

    mutating func append(_ other: BoundRows) {
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
    func row(_ index: Int) -> BoundRows {
        var row = BoundRows(width: width)
        let places = index * width..<(index + 1) * width
        row.rows = 1
        row.kinds = Array(kinds[places])
        row.numbers = Array(numbers[places])
        row.counts = Array(counts[places])
        row.bytes = bytes
        return row
    }

    /// What a column's rows are, but for those that are null.
    func kind(of column: Int) -> Kind {
        var place = column
        while place < kinds.count {
            if kinds[place] != .null { return kinds[place] }
            place += width
        }
        return .null
    }
}
