/// A row of leaves, by its numbers.
struct LeafSpan: Hashable, Sendable {
    let first: Int64
    let count: Int64
    /// Each of its leaves is a call that ended.
    let isBills: Bool

    /// Which of the newest rows to read so that they have `most` bills together, or a single row of more.
    /// - Parameters:
    ///   - rows: newest first; what is missing behind them was too much.
    ///   - start: the number from which all were asked for.
    /// - Returns: the number to begin with, nil where there are no bills; how many bills are read and how many passed over.
    static func newest(
        _ rows: [LeafSpan],
        since start: Int64,
        most: Int64
    ) -> (first: Int64?, count: Int64, unread: Int64) {
        var (first, count, unread) = (Int64?.none, Int64(0), Int64(0))
        for row in rows where row.isBills {
            if unread == 0, count == 0 ? most > 0 : count + row.count <= most {
                first = row.first
                count += row.count
            } else {
                unread += row.count
            }
        }
        if let oldest = rows.last?.first { unread += max(0, oldest - start) }
        return (first, count, unread)
    }
}
