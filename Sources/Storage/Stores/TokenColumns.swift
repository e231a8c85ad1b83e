import Domain

/// A call's token counts as columns, one a class in the order of their raw values: `input_tokens`, `cache_read_tokens`, …
enum TokenColumns {
    static let names = TokenClass.allCases.map { "\($0.name)_tokens" }.joined(separator: ", ")

    /// - Parameters:
    ///   - first: the column where the counts begin.
    ///   - provenance: that of their packed provenance.
    static func usage(_ row: any SQLStatement, from first: Int, provenance: Int) -> Usage {
        var usage = Usage()
        for tokenClass in TokenClass.allCases {
            usage.set(tokenClass, to: row.int64(first + tokenClass.rawValue), .missing)
        }
        usage.packedProvenance = row.int64(provenance)
        return usage
    }
}
