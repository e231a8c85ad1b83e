import Domain

/// Reads lists slice by slice: newest first, from a cursor, and never more than ``mostScanned`` rows a slice. Where filters
/// pass over so many, the slice ends there and says how far it came.
struct SQLSlice<Key: Hashable & Sendable>: Sendable {
    static var mostScanned: Int64 { 5_000 }

    /// Table and alias.
    let from: String
    /// The column that cursors are of.
    let key: String
    /// Columns that tell a row's key and time.
    let edge: String
    let bind: @Sendable (Key) -> SQLValue
    let readEdge: @Sendable (any SQLStatement) -> (key: Key, at: Instant)?

    /// - Parameters:
    ///   - select: without its WHERE.
    ///   - range: what an index answers.
    ///   - filters: adds what is looked up row by row.
    func read<Item>(
        _ select: String,
        in range: SQLFilter,
        where filters: (inout SQLFilter) -> Void,
        _ cursor: SliceCursor<Key>?,
        limit: Int,
        _ connection: any SQLConnection,
        row: (any SQLStatement) throws -> Item?,
        keyOf: (Item) -> Key
    ) throws -> ListSlice<Item, Key> {
        var range = range
        var isForward = false
        switch cursor {
        case .before(let start): range.add("\(key) < ?", bind(start))
        case .after(let start):
            range.add("\(key) > ?", bind(start))
            isForward = true
        case nil: break
        }
        let order = "ORDER BY \(key)\(isForward ? "" : " DESC")"
        // The row at which the bound is reached; nil where fewer rows are in the range.
        let edge =
            try connection.query(
                "SELECT \(edge) FROM \(from)\(range.clause) \(order) LIMIT 1 OFFSET \(Self.mostScanned - 1)",
                values: range.values,
                row: readEdge
            ).first ?? nil
        var filter = range
        if let edge { filter.add("\(key) \(isForward ? "<=" : ">=") ?", bind(edge.key)) }
        filters(&filter)
        var items = try connection.query(
            "\(select)\(filter.clause) \(order) LIMIT ?",
            values: filter.values + [.integer(Int64(limit + 1))],
            row: row
        ).compactMap(\.self)
        let isFull = items.count > limit
        if isFull { items.removeLast() }
        // Where the slice ended: at its last item, at the bound, or nowhere.
        let end = isFull ? items.last.map(keyOf) : edge?.key
        if isForward {
            items.reverse()
            return ListSlice(items: items, older: items.last.map(keyOf) ?? cursor?.key, newer: end, scannedThrough: nil)
        }
        return ListSlice(
            items: items,
            older: end,
            newer: cursor.map { items.first.map(keyOf) ?? $0.key },
            scannedThrough: isFull ? nil : edge?.at
        )
    }
}
