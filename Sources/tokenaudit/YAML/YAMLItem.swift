import Yams

/// A value in a YAML file that knows where it stands, read strictly: no key is ignored, no text guessed at.
struct YAMLItem {
    let node: Node
    let source: String
    /// Dotted, for messages: `providers[0].base_url`; empty at the root.
    let path: String

    var line: Int? { node.mark?.line }

    func problem(_ reason: String) -> InputProblem {
        InputProblem(source: source, line: line, reason: path.isEmpty ? reason : "\(path): \(reason)")
    }

    /// `null`, `~` or nothing, unquoted.
    var isNull: Bool {
        guard case .scalar(let scalar) = node, scalar.style == .any || scalar.style == .plain else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    var isMapping: Bool { if case .mapping = node { true } else { false } }

    /// The text of a scalar as it was written; numbers keep every digit.
    func text() throws(InputProblem) -> String {
        guard case .scalar(let scalar) = node else { throw problem("must be a single value") }
        guard !isNull else { throw problem("must not be empty") }
        return scalar.string
    }

    func integer(in range: ClosedRange<Int64>) throws(InputProblem) -> Int64 {
        guard let number = StrictText.integer(try text()), range.contains(number) else {
            throw problem("must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func flag() throws(InputProblem) -> Bool {
        guard let value = StrictText.flag(try text()) else { throw problem("must be true or false") }
        return value
    }

    func items() throws(InputProblem) -> [YAMLItem] {
        if isNull { return [] }
        guard case .sequence(let sequence) = node else { throw problem("must be a list") }
        return sequence.enumerated().map { YAMLItem(node: $1, source: source, path: "\(path)[\($0)]") }
    }

    /// - Parameter known: the keys there are; any other is an error that names it and its line.
    func members(known: Set<String>) throws(InputProblem) -> [String: YAMLItem] {
        var members: [String: YAMLItem] = [:]
        for (name, item) in try pairs() {
            guard known.contains(name) else {
                throw InputProblem(source: source, line: item.keyLine, reason: "unknown key '\(item.item.path)'")
            }
            members[name] = item.item
        }
        return members
    }

    /// Every member in the file's order, with the line its key stands on.
    func pairs() throws(InputProblem) -> [(String, (item: YAMLItem, keyLine: Int?))] {
        if isNull { return [] }
        guard case .mapping(let mapping) = node else { throw problem("must be a mapping of keys to values") }
        var members: [(String, (item: YAMLItem, keyLine: Int?))] = []
        for (key, value) in mapping {
            guard case .scalar(let name) = key else { throw problem("keys must be plain names") }
            let memberPath = path.isEmpty ? name.string : "\(path).\(name.string)"
            let item = YAMLItem(node: value, source: source, path: memberPath)
            members.append((name.string, (item, key.mark?.line ?? item.line)))
        }
        return members
    }
}

/// Numbers and flags as operators may write them; nothing is trimmed, nothing rounded.
enum StrictText {
    /// ASCII digits, at most eighteen, no sign.
    static func integer(_ text: String) -> Int64? {
        guard (1...18).contains(text.utf8.count),
            text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return Int64(text)
    }

    static func flag(_ text: String) -> Bool? {
        switch text {
        case "true", "yes", "on", "1": true
        case "false", "no", "off", "0": false
        default: nil
        }
    }

    /// `1048576`, `64KiB`, `16MiB`, `1GiB`.
    static func bytes(_ text: String) -> Int64? {
        for (unit, factor) in [("KiB", Int64(1) << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)] where text.hasSuffix(unit) {
            guard let number = integer(String(text.dropLast(3))), number <= 1 << 30 else { return nil }
            return number * factor
        }
        return integer(text)
    }

    /// Milliseconds of `250ms`, `30s`, `15m`, `2h`, `7d`; a bare number means seconds.
    static func milliseconds(_ text: String) -> Int64? {
        let units: [(String, Int64)] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)]
        for (unit, factor) in units where text.hasSuffix(unit) {
            guard let number = integer(String(text.dropLast(unit.count))), number <= 1_000_000_000 else { return nil }
            return number * factor
        }
        guard let number = integer(text), number <= 1_000_000_000 else { return nil }
        return number * 1_000
    }
}
