/// A statement cut into words, for the drivers that rewrite some of them.
struct SQLTokens {
    enum Kind: Hashable {
        /// Letters, digits, `_` and `.`: keywords, names, numbers.
        case word
        /// With its quotes.
        case quoted
        /// `?`
        case mark
        /// One character that is nothing else.
        case symbol
        case space
    }

    struct Token: Hashable {
        let kind: Kind
        var text: String

        /// A keyword, in any case.
        func isWord(_ word: String) -> Bool { kind == .word && text.uppercased() == word }
        func isSymbol(_ symbol: String) -> Bool { kind == .symbol && text == symbol }
    }

    var tokens: [Token]

    init(_ sql: String) {
        tokens = []
        var rest = sql.unicodeScalars[...]
        while let first = rest.first {
            let kind: Kind
            let count: Int
            switch first {
            case "?": (kind, count) = (.mark, 1)
            case "'", "\"": (kind, count) = (.quoted, Self.quotedCount(rest, by: first))
            case _ where Self.isWord(first): (kind, count) = (.word, rest.prefix(while: Self.isWord).count)
            case _ where first.properties.isWhitespace:
                (kind, count) = (.space, rest.prefix { $0.properties.isWhitespace }.count)
            default: (kind, count) = (.symbol, 1)
            }
            tokens.append(Token(kind: kind, text: String(String.UnicodeScalarView(rest.prefix(count)))))
            rest = rest.dropFirst(count)
        }
    }

    var text: String { tokens.map(\.text).joined() }

    /// The first word, as a keyword.
    var verb: String { tokens.first { $0.kind == .word }?.text.uppercased() ?? "" }

    /// The table of a statement that writes rows of one table, from what is bound to it alone; nil for others.
    var batchTable: String? {
        guard ["INSERT", "UPDATE", "DELETE"].contains(verb),
            !tokens.contains(where: { $0.isWord("SELECT") || $0.isWord("RETURNING") })
        else { return nil }
        return tokens.lazy.filter { $0.kind == .word }.dropFirst(verb == "UPDATE" ? 1 : 2).first?.text
    }

    /// The next token after `index` that is no space; nil at the end.
    func next(after index: Int) -> Int? {
        tokens.indices.first { $0 > index && tokens[$0].kind != .space }
    }

    /// The words and symbols from `index` on, spaces left out. - Returns: where each stands; nil if they are others.
    func match(_ words: [String], at index: Int) -> [Int]? {
        var found: [Int] = []
        var at: Int? = index
        for word in words {
            guard let here = at, here < tokens.count, tokens[here].isWord(word) || tokens[here].text == word else {
                return nil
            }
            found.append(here)
            at = next(after: here)
        }
        return found
    }

    /// The call of a function whose name stands at `index`; nil where none does.
    func call(at index: Int) -> (open: Int, ranges: [Range<Int>], close: Int)? {
        guard tokens[index].kind == .word, let open = next(after: index), tokens[open].isSymbol("("),
            let found = arguments(from: open)
        else { return nil }
        return (open, found.ranges, found.close)
    }

    /// The arguments of a call whose `(` stands at `open`: the ranges between its commas.
    func arguments(from open: Int) -> (ranges: [Range<Int>], close: Int)? {
        var depth = 0
        var start = open + 1
        var ranges: [Range<Int>] = []
        for index in open..<tokens.count {
            if tokens[index].isSymbol("(") { depth += 1 }
            if tokens[index].isSymbol(")") { depth -= 1 }
            if depth == 0 {
                ranges.append(start..<index)
                return (ranges, index)
            }
            if depth == 1, tokens[index].isSymbol(",") {
                ranges.append(start..<index)
                start = index + 1
            }
        }
        return nil
    }

    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar) || scalar == "_"
            || scalar == "."
    }

    /// A doubled quote is two quoted texts side by side, which comes to the same.
    private static func quotedCount(_ rest: Substring.UnicodeScalarView, by quote: Unicode.Scalar) -> Int {
        guard let end = rest.dropFirst().firstIndex(of: quote) else { return rest.count }
        return rest.distance(from: rest.startIndex, to: end) + 1
    }
}
