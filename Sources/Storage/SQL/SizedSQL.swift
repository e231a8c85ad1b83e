/// A statement that names rows by their keys: one text for each power of two of them, so that few plans are ever made; what is
/// left over of a text's places is filled with the last key again.
struct SizedSQL: Sendable {
    private let texts: [String]
    private static let sizes = [1, 2, 4, 8, 16, 32, 64, 128]

    /// - Parameter text: the statement for so many keys.
    init(_ text: (_ keys: Int) -> String) { self.init(texts: Self.sizes.map(text)) }

    private init(texts: [String]) { self.texts = texts }

    /// One that locks, without waiting for anybody: what others have locked is left out.
    var skippingLocked: SizedSQL { SizedSQL(texts: texts.map { $0 + " SKIP LOCKED" }) }

    /// With `key` once for each key, between commas.
    static func list(_ key: String, _ count: Int) -> String {
        Array(repeating: key, count: count).joined(separator: ", ")
    }

    /// Reads the rows of all keys, as many at once as the engine likes.
    /// - Parameters:
    ///   - width: values that a key has.
    ///   - bind: binds a key's values from an index on.
    ///   - rest: binds what follows the keys, from an index on.
    func query<Key>(
        _ keys: [Key],
        width: Int = 1,
        _ connection: any SQLConnection,
        bind: (Key, any SQLStatement, Int) -> Void,
        rest: (any SQLStatement, Int) -> Void = { _, _ in },
        row: (any SQLStatement) throws -> Void
    ) throws {
        var start = 0
        while start < keys.count {
            let count = min(connection.dialect.rowsAtOnce, keys.count - start)
            let slot = Self.sizes.firstIndex { $0 >= count } ?? Self.sizes.count - 1
            let statement = try connection.prepare(texts[slot])
            defer { statement.reset() }
            for place in 0..<Self.sizes[slot] {
                bind(keys[start + min(place, count - 1)], statement, 1 + place * width)
            }
            rest(statement, 1 + Self.sizes[slot] * width)
            while try statement.step() { try row(statement) }
            start += count
        }
    }
}
