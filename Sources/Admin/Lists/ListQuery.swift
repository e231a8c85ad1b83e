import Domain
import HTTPTypes
import Hummingbird

/// A request's query as it is read, strictly: the parameters that its route declares and no others, for a filter that is
/// misspelt would give everything. Collects what is wrong with each.
struct ListQuery {
    private let declared: [any Declaration]
    private let parameters: [(name: String, value: String)]
    private let base: String
    private var problems: Problems

    /// - Throws: 400 where the host cannot be linked to, or the query is not text.
    init(_ request: Request, _ declared: [any Declaration], transport: Transport) throws(ControlError) {
        guard let host = HostName(request) else { throw .invalidHost }
        self.declared = declared
        var path = request.uri.path
        while path.hasSuffix("/") { path.removeLast() }
        base = "\(transport.scheme)://\(host.text)\(path)/"
        parameters = try Self.parameters(of: request)
        problems = Self.unknown(of: parameters, besides: declared)
    }

    /// For what takes no parameters.
    static func expectNone(in request: Request) throws(ControlError) {
        try unknown(of: try parameters(of: request), besides: []).finish()
    }

    private static func unknown(
        of parameters: [(name: String, value: String)],
        besides declared: [any Declaration]
    ) -> Problems {
        var problems = Problems()
        for name in Set(parameters.map(\.name)).subtracting(declared.map(\.name)) {
            problems.refuse(name, "This parameter is not known here.")
        }
        return problems
    }

    private static func parameters(of request: Request) throws(ControlError) -> [(name: String, value: String)] {
        var parameters: [(name: String, value: String)] = []
        for pair in (request.uri.query ?? "").split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = FormText.decoded(parts[0]), let value = FormText.decoded(parts.count > 1 ? parts[1] : "")
            else { throw .badFields(["non_field_errors": ["The query is not UTF-8 in percent encoding."]]) }
            if !name.isEmpty || !value.isEmpty { parameters.append((name, value)) }
        }
        return parameters
    }

    mutating func refuse(_ name: String, _ message: Message) { problems.refuse(name, message) }

    /// For values that are right by themselves and not together.
    mutating func contradict(_ name: String, _ message: Message) { problems.contradict(name, message) }

    /// - Parameter parameter: one that the route declares.
    /// - Returns: nil if it is absent, empty as a form sends it, or wrong.
    mutating func value<Value>(_ parameter: Parameter<Value>) -> Value? {
        assert(declared.contains { $0.name == parameter.name }, "\(parameter.name) is not declared")
        let values = parameters.filter { $0.name == parameter.name }.map(\.value)
        if values.count > 1 { refuse(parameter.name, "Given twice.") }
        guard let text = values.first, !text.isEmpty else { return nil }
        if text.unicodeScalars.contains("\0") {
            refuse(parameter.name, "U+0000 is not allowed.")
            return nil
        }
        switch parameter.read(text) {
        case .value(let value): return value
        case .wrong(let problem):
            refuse(parameter.name, problem)
            return nil
        case .impossible(let problem):
            contradict(parameter.name, problem)
            return nil
        }
    }

    /// - Throws: what was wrong with any parameter.
    func finish() throws(ControlError) { try problems.finish() }

    /// Read last: what was wrong with any parameter is thrown here.
    /// - Throws: 400; 404 for what can be no page.
    mutating func page() throws(ControlError) -> PageNumber {
        let size = Int(value(PageNumber.size) ?? Int64(PageNumber.defaultSize))
        let isFineSoFar = problems.isEmpty
        let number = value(PageNumber.number)
        if isFineSoFar, !problems.isEmpty { throw .invalidPage }
        try finish()
        guard let number else { return PageNumber(number: 1, size: size) }
        guard number <= Int64.max / Int64(PageNumber.largestSize) else { throw .invalidPage }
        return PageNumber(number: Int(number), size: size)
    }

    /// As ``page()``, with an order where one was asked for.
    mutating func window<Order>(_ ordering: Parameter<Ordering<Order>>, unlessSaid order: Order)
        throws(ControlError) -> (Window<Order>, PageNumber)
    {
        var window = Window(order: order)
        if let asked = value(ordering) {
            window.order = asked.order
            window.isDescending = asked.isDescending
        }
        let page = try page()
        window.offset = page.offset
        window.limit = page.size
        return (window, page)
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

    // MARK: Slices

    mutating func size() -> Int { Int(value(PageNumber.size) ?? Int64(PageNumber.defaultSize)) }

    /// A list that goes on from cursors.
    func answer<Item, Key: CustomStringConvertible, Shown: Encodable & Sendable>(
        _ slice: ListSlice<Item, Key>,
        item: (Item) -> Shown
    ) -> Response {
        JSONAnswer.response(
            SliceAnswer(
                next: slice.older.map { link("cursor", CursorText.text(.before($0))) },
                previous: slice.newer.map { link("cursor", CursorText.text(.after($0))) },
                scannedThrough: slice.scannedThrough?.description,
                results: slice.items.map(item)
            )
        )
    }

    private func link(to number: Int) -> String { link("page", number > 1 ? String(number) : nil) }

    private func link(_ name: String, _ value: String?) -> String {
        var kept = parameters.filter { $0.name != name }
        if let value { kept.append((name, value)) }
        let query = kept.map { "\(FormText.encoded($0.name))=\(FormText.encoded($0.value))" }
        return query.isEmpty ? base : base + "?" + query.joined(separator: "&")
    }

    /// How a page of such items looks.
    static func shape(of item: Shape) -> Shape {
        .object(
            "Page",
            [
                "count": .count, "next": .text(format: "uri").nullable(),
                "previous": .text(format: "uri").nullable(), "results": .list(item),
            ]
        )
    }

    static func sliceShape(of item: Shape) -> Shape {
        .object(
            "Slice",
            [
                "next": .text(format: "uri").nullable(), "previous": .text(format: "uri").nullable(),
                "scanned_through": .instant.nullable().noted("Set where the search stopped for its bound."),
                "results": .list(item),
            ]
        )
    }

    private struct SliceAnswer<Shown: Encodable & Sendable>: Encodable, Sendable {
        let next: String?
        let previous: String?
        let scannedThrough: String?
        let results: [Shown]

        enum CodingKeys: String, CodingKey {
            case next, previous, results
            case scannedThrough = "scanned_through"
        }

        /// All four members, always.
        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(next, forKey: .next)
            try container.encode(previous, forKey: .previous)
            try container.encode(scannedThrough, forKey: .scannedThrough)
            try container.encode(results, forKey: .results)
        }
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
