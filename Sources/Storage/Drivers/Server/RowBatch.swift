/// A statement of a server that can take many rows at once.
protocol BatchStatement: AnyObject {
    /// The table it writes, where many rows can go in one execution; nil: each row is an execution of its own.
    var batchTable: String? { get }
    /// What replaces rows is not counted as other changes are.
    var countsOddly: Bool { get }
    /// Executes all rows, or sends their execution. - Parameter expected: how many rows must change; nil: any number.
    func execute(_ rows: BoundRows, changing expected: Int?) throws(StorageError)
}

/// What was enqueued on a session: rows of the same statement go to the server together.
///
/// Rows keep their order within a table; between tables it does not count, for no table that the ledger writes refers to
/// another one.
struct RowBatch<Statement: BatchStatement> {
    private struct Group {
        let statement: Statement
        var rows: BoundRows
        /// How many rows must change; nil: any number.
        var expected: Int?
    }

    private static var mostRows: Int { 1_024 }
    private static var mostBytes: Int { 1 << 20 }

    private var groups: [Group] = []
    private var rows = 0
    private var bytes = 0

    var isEmpty: Bool { groups.isEmpty }
    var isFull: Bool { rows >= Self.mostRows || bytes >= Self.mostBytes }

    mutating func add(_ statement: Statement, _ row: BoundRows, changing expected: Int?) {
        rows += 1
        bytes += row.bytes.count
        guard let place = place(of: statement, row, isCounted: expected != nil) else {
            groups.append(Group(statement: statement, rows: row, expected: expected))
            return
        }
        groups[place].rows.append(row)
        if let before = groups[place].expected, let expected { groups[place].expected = before + expected }
    }

    /// The group that a row can join without passing others of its table.
    private func place(of statement: Statement, _ row: BoundRows, isCounted: Bool) -> Int? {
        guard let table = statement.batchTable, !(isCounted && statement.countsOddly) else { return nil }
        for index in groups.indices.reversed() {
            let group = groups[index]
            if group.statement === statement {
                return (group.expected != nil) == isCounted && group.rows.agrees(with: row) ? index : nil
            }
            guard let other = group.statement.batchTable, other != table else { return nil }
        }
        return nil
    }

    /// All that waits; nothing does then.
    mutating func take() -> RowBatch {
        defer { removeAll() }
        return self
    }

    /// - Throws: what the first failure was.
    func execute() throws(StorageError) {
        for group in groups { try group.statement.execute(group.rows, changing: group.expected) }
    }

    mutating func removeAll() {
        groups.removeAll(keepingCapacity: true)
        rows = 0
        bytes = 0
    }
}
