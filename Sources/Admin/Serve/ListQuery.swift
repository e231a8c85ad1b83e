import Domain
import HTTPTypes
import Hummingbird

/// What a request asks of a list: `page`, `page_size`, `search`, `ordering` and filters. Parameters that a list does not
/// know change nothing; those it knows are read strictly.
struct ListQuery {
    static let defaultSize = 50
    static let largestSize = 200
    static let largestSearch = 254

    struct PageNumber: Hashable, Sendable {
        let number: Int
        let size: Int

        var offset: Int { (number - 1) * size }
    }

    private let parameters: [(name: String, value: String)]
    private let base: String
    private var problems: [String: [String]] = [:]

    /// - Throws: 400 where the host cannot be linked to, or the query is not text.
    init(_ request: Request, transport: Transport) throws(ControlError) {
        guard let host = HostName(request) else { throw .invalidHost }
        var path = request.uri.path
        while path.hasSuffix("/") { path.removeLast() }
        base = "\(transport.scheme)://\(host.text)\(path)/"
        var parameters: [(name: String, value: String)] = []
        for pair in (request.uri.query ?? "").split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = FormText.decoded(parts[0]), let value = FormText.decoded(parts.count > 1 ? parts[1] : "")
            else { throw .badFields(["non_field_errors": ["The query is not UTF-8 in percent encoding."]]) }
            parameters.append((name, value))
        }
        self.parameters = parameters
    }

    /// An empty one is none, as a form sends it.
    private mutating func value(_ name: String) -> String? {
        let values = parameters.filter { $0.name == name }.map(\.value)
        if values.count > 1 { refuse(name, "Given twice.") }
        guard let value = values.first, !value.isEmpty else { return nil }
        if value.unicodeScalars.contains("\0") {
            refuse(name, "U+0000 is not allowed.")
            return nil
        }
        return value
    }

    private mutating func refuse(_ name: String, _ message: String) {
        problems[name, default: []].append(message)
    }

    mutating func search() -> String? {
        guard let text = value("search") else { return nil }
        if text.unicodeScalars.count > Self.largestSearch {
            refuse("search", "At most \(Self.largestSearch) characters.")
        }
        return text
    }

    mutating func choice<Choice: RawRepresentable<String>>(_ name: String, _ choices: [Choice]) -> Choice? {
        guard let text = value(name) else { return nil }
        if let choice = choices.first(where: { $0.rawValue == text }) { return choice }
        refuse(name, "One of \(choices.map(\.rawValue).joined(separator: ", ")).")
        return nil
    }

    mutating func flag(_ name: String) -> Bool? {
        guard let text = value(name) else { return nil }
        switch text {
        case "true", "True", "1": return true
        case "false", "False", "0": return false
        default:
            refuse(name, "Must be true or false.")
            return nil
        }
    }

    /// `created_at`, or `-created_at` for the newest first.
    mutating func ordering<Order: RawRepresentable<String>>(_ orders: [Order]) -> (Order, isDescending: Bool)? {
        guard let text = value("ordering") else { return nil }
        let isDescending = text.hasPrefix("-")
        let name = isDescending ? text.dropFirst() : text[...]
        if let order = orders.first(where: { $0.rawValue == name }) { return (order, isDescending) }
        refuse("ordering", "One of \(orders.map(\.rawValue).joined(separator: ", ")), with '-' before it to descend.")
        return nil
    }

    /// Read last: what was wrong with any parameter is thrown here.
    /// - Throws: 400; 404 for what can be no page.
    mutating func page() throws(ControlError) -> PageNumber {
        var size = Self.defaultSize
        if let text = value("page_size") {
            if let number = PositiveNumber.read(text), number <= Self.largestSize {
                size = Int(number)
            } else {
                refuse("page_size", "A whole number from 1 to \(Self.largestSize).")
            }
        }
        let text = value("page")
        if !problems.isEmpty { throw .badFields(problems) }
        guard let text else { return PageNumber(number: 1, size: size) }
        guard let number = PositiveNumber.read(text), number <= Int64.max / Int64(Self.largestSize) else {
            throw .invalidPage
        }
        return PageNumber(number: Int(number), size: size)
    }

    /// - Throws: 404 for a page beyond the last; the first is there even when it is empty.
    func answer<Item: Sendable, Shown: Encodable & Sendable>(
        _ found: Page<Item>,
        page: PageNumber,
        item: (Item) -> Shown
    ) throws(ControlError) -> Response {
        guard page.number == 1 || page.offset < found.count else { throw .invalidPage }
        return JSONAnswer.response(
            Answer(
                count: found.count,
                next: page.offset + page.size < found.count ? link(to: page.number + 1) : nil,
                previous: page.number > 1 ? link(to: page.number - 1) : nil,
                results: found.items.map(item)
            )
        )
    }

    private func link(to number: Int) -> String {
        var kept = parameters.filter { $0.name != "page" }
        if number > 1 { kept.append(("page", String(number))) }
        let query = kept.map { "\(FormText.encoded($0.name))=\(FormText.encoded($0.value))" }
        return query.isEmpty ? base : base + "?" + query.joined(separator: "&")
    }

    private struct Answer<Shown: Encodable & Sendable>: Encodable, Sendable {
        let count: Int
        let next: String?
        let previous: String?
        let results: [Shown]

        enum CodingKeys: CodingKey { case count, next, previous, results }

        /// All four members, always.
        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(count, forKey: .count)
            try container.encode(next, forKey: .next)
            try container.encode(previous, forKey: .previous)
            try container.encode(results, forKey: .results)
        }
    }
}

/// `application/x-www-form-urlencoded`, as queries are written.
enum FormText {
    /// Nil for a broken escape, or bytes that are no UTF-8.
    static func decoded(_ text: some StringProtocol) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(0x20)
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                    return nil
                }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    static func encoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        Character(Unicode.Scalar(byte)).hexDigitValue.map { UInt8($0) }
    }
}
