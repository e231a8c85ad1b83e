/// What was enqueued on a session: rows of the same statement go to the server together.
///
/// Rows keep their order within a table; between tables it does not count, for no table that the ledger writes refers to
/// another one.
struct MariaBatch {
    private struct Group {
        let statement: MariaStatement
        var values: MariaValues
        /// How many rows must change; nil: any number.
        var expected: Int?
    }

    private static let mostRows = 1_024
    private static let mostBytes = 1 << 20

    private var groups: [Group] = []
    private var rows = 0
    private var bytes = 0

    var isEmpty: Bool { groups.isEmpty }
    var isFull: Bool { rows >= Self.mostRows || bytes >= Self.mostBytes }

    mutating func add(_ statement: MariaStatement, _ values: MariaValues, changing expected: Int?) {
        rows += 1
        bytes += values.bytes.count
        guard let place = place(of: statement, values, isCounted: expected != nil) else {
            groups.append(Group(statement: statement, values: values, expected: expected))
            return
        }
        groups[place].values.append(values)
        if let before = groups[place].expected, let expected { groups[place].expected = before + expected }
    }

    /// The group that rows can join without passing others of their table.
    private func place(of statement: MariaStatement, _ values: MariaValues, isCounted: Bool) -> Int? {
        // What replaces rows cannot be counted but one by one.
        guard let table = statement.sql.bulkTable, !(isCounted && statement.sql.isUpsert) else { return nil }
        for index in groups.indices.reversed() {
            let group = groups[index]
            if group.statement === statement {
                return (group.expected != nil) == isCounted && group.values.agrees(with: values) ? index : nil
            }
            guard let other = group.statement.sql.bulkTable, other != table else { return nil }
        }
        return nil
    }

    /// Executes all of it. - Throws: what the first failure was; nothing is left waiting then either.
    mutating func execute() throws(StorageError) {
        let groups = groups
        removeAll()
        for group in groups {
            let changed = try group.statement.executeAll(group.values)
            guard let expected = group.expected, changed != expected else { continue }
            throw .misuse("\(changed) rows changed, not \(expected)")
        }
    }

    mutating func removeAll() {
        groups.removeAll(keepingCapacity: true)
        rows = 0
        bytes = 0
    }
}
