import Domain

/// The columns that every table of sums has, and how sums are added to a row.
enum RollupColumns {
    static let names = UsageFigure.allCases.map(\.name).joined(separator: ", ")

    /// Parameters: the key, the figures in their order, whether a sum is saturated.
    static func upsert(
        into table: String,
        key: [String],
        figures: [UsageFigure] = UsageFigure.allCases
    ) -> String {
        "\(insert(into: table, key: key, figures: figures)) ON CONFLICT (\(key.joined(separator: ", "))) DO UPDATE SET is_saturated = CASE WHEN \(table).is_saturated = 1 OR excluded.is_saturated = 1\(saturates(table, figures)) THEN 1 ELSE 0 END, \(adds(figures, to: table))"
    }

    static func insert(
        into table: String,
        key: [String],
        figures: [UsageFigure] = UsageFigure.allCases
    ) -> String {
        let marks = Array(repeating: "?", count: key.count + figures.count + 1).joined(separator: ", ")
        let names = figures.map(\.name).joined(separator: ", ")
        return "INSERT INTO \(table) (\(key.joined(separator: ", ")), \(names), is_saturated) VALUES (\(marks))"
    }

    // A sum that would leave Int64 stays where it is and says so; adding on would make SQLite turn it into a float.
    private static func adds(_ figures: [UsageFigure], to table: String) -> String {
        figures.map { figure in
            let old = "\(table).\(figure.name)"
            let new = "excluded.\(figure.name)"
            return
                "\(figure.name) = CASE WHEN \(old) > \(RollupDelta.largest) - \(new) THEN \(old) ELSE \(old) + \(new) END"
        }.joined(separator: ", ")
    }

    private static func saturates(_ table: String, _ figures: [UsageFigure]) -> String {
        figures.filter(\.isMoney).map { figure in
            " OR \(table).\(figure.name) > \(RollupDelta.largest) - excluded.\(figure.name)"
        }.joined()
    }

    /// Each figure in two halves, for SQLite's SUM fails on overflow; ``sums(_:from:)`` reads them.
    static let halves = UsageFigure.allCases.map { "SUM(\($0.name) / 1000000), SUM(\($0.name) % 1000000)" }
        .joined(separator: ", ")

    static func sums(_ row: any SQLStatement, from first: Int) -> [Int128] {
        (0..<UsageFigure.count).map {
            Int128(row.int64(first + 2 * $0)) * 1_000_000 + Int128(row.int64(first + 1 + 2 * $0))
        }
    }

    /// - Parameter first: where the figures begin, and after them `is_saturated`.
    static func bind(
        _ delta: RollupDelta,
        of figures: [UsageFigure] = UsageFigure.allCases,
        isSaturated: Bool,
        at first: Int,
        to statement: any SQLStatement
    ) {
        var isSaturated = isSaturated
        for (index, figure) in figures.enumerated() {
            statement.bind(delta[figure], at: first + index)
            isSaturated = isSaturated || delta[figure] >= RollupDelta.largest
        }
        statement.bind(isSaturated ? 1 : 0, at: first + figures.count)
    }

    /// Adds a row's figures, and after them `is_saturated`, to sums.
    static func add(_ row: any SQLStatement, from first: Int, to sums: inout UsageSums) {
        for figure in UsageFigure.allCases { sums[figure] += Int128(row.int64(first + figure.rawValue)) }
        if row.bool(first + UsageFigure.count) { sums.isSaturated = true }
    }
}
