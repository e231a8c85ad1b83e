import Domain

/// The WHERE of a list, as it is put together from what was asked for: conditions that all must hold.
struct SQLFilter {
    /// No name, address or id is longer.
    private static let searchLimitBytes = 1_024

    private var conditions: [String] = []
    private(set) var values: [SQLValue] = []
    /// Nothing can match.
    private(set) var isHopeless = false

    /// Empty, or ` WHERE …` with its space.
    var clause: String { conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ") }

    /// - Parameter condition: with a `?` for each value.
    mutating func add(_ condition: String, _ values: SQLValue...) {
        conditions.append(condition)
        self.values += values
    }

    /// Nothing where `value` is nil.
    mutating func equals(_ column: String, _ value: SQLValue?) {
        if let value { add("\(column) = ?", value) }
    }

    /// Any of the columns has this text in it, in any case of ASCII; `%` and `_` are ordinary characters.
    mutating func contains(_ text: String?, in columns: [String]) {
        guard let text, !text.isEmpty else { return }
        guard text.utf8.count <= Self.searchLimitBytes else {
            isHopeless = true
            return
        }
        var pattern = "%"
        for character in text.unicodeScalars {
            if character == "%" || character == "_" || character == "!" { pattern += "!" }
            pattern.unicodeScalars.append(character)
        }
        pattern += "%"
        conditions.append("(" + columns.map { "\($0) LIKE ? ESCAPE '!'" }.joined(separator: " OR ") + ")")
        values += columns.map { _ in .text(pattern) }
    }
}

/// Reads lists page by page.
enum SQLPage {
    private static let largest = 1_000

    /// - Parameters:
    ///   - select: without its WHERE.
    ///   - values: those of `select`'s own parameters.
    ///   - from: table and alias that `filter` counts on.
    ///   - order: a column; equal ones stand in one order on every page, by `key`.
    static func read<Order, Item>(
        _ select: String,
        selecting values: [SQLValue] = [],
        from: String,
        where filter: SQLFilter,
        order column: String?,
        key: String,
        _ window: Window<Order>,
        _ connection: any SQLConnection,
        row: (any SQLStatement) throws -> Item
    ) throws -> Page<Item> {
        if filter.isHopeless { return Page(count: 0, items: []) }
        let count = try connection.query("SELECT COUNT(*) FROM \(from)\(filter.clause)", values: filter.values) {
            $0.int64(0)
        }.first
        let direction = window.isDescending ? " DESC" : ""
        let order = (column.map { "\($0)\(direction), " } ?? "") + key + direction
        let items = try connection.query(
            "\(select)\(filter.clause) ORDER BY \(order) LIMIT ? OFFSET ?",
            values: values + filter.values + [
                .integer(Int64(min(max(0, window.limit), largest))), .integer(Int64(max(0, window.offset))),
            ],
            row: row
        )
        return Page(count: Int(count ?? 0), items: items)
    }
}
