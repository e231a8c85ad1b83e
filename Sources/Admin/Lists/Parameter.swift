import Domain

/// A parameter of a request's query: how it is read, and how the OpenAPI document describes it, in one declaration.
struct Parameter<Value: Sendable>: Declaration {
    let name: String
    let note: String
    let shape: Shape
    let read: @Sendable (String) -> Reading<Value>

    init(_ name: String, _ note: String, _ shape: Shape, read: @escaping @Sendable (String) -> Reading<Value>) {
        self.name = name
        self.note = note
        self.shape = shape
        self.read = read
    }
}

/// The order of a list, as it was asked for.
struct Ordering<Order: Sendable>: Sendable {
    let order: Order
    let isDescending: Bool
}

extension Parameter where Value == String {
    private static var largestSearch: Int { 254 }

    /// - Parameter places: what is searched, for the document: `email and name`.
    static func search(in places: String) -> Parameter {
        .text("search", "Any part of \(places), in any case.", most: largestSearch)
    }

    static func text(_ name: String, _ note: String = "", most: Int) -> Parameter {
        Parameter(name, note, .text(0...most, pattern: #"^[^\u0000]*$"#)) { text in
            text.unicodeScalars.count > most ? .wrong("At most \(most) characters.") : .value(text)
        }
    }
}

extension Parameter where Value == Bool {
    static func flag(_ name: String, _ note: String = "") -> Parameter {
        Parameter(name, note, .flag) { text in
            switch text {
            case "true", "True", "1": .value(true)
            case "false", "False", "0": .value(false)
            default: .wrong("Must be true or false.")
            }
        }
    }
}

extension Parameter {
    static func choice(_ name: String, _ note: String = "") -> Parameter
    where Value: RawRepresentable<String> & CaseIterable {
        let names = Value.allCases.map(\.rawValue)
        return Parameter(name, note, .choice(names)) { text in
            Value(rawValue: text).map { .value($0) } ?? .wrong("One of \(names.joined(separator: ", ")).")
        }
    }

    static func id<Entity>(_ name: String, _ note: String = "") -> Parameter where Value == Identifier<Entity> {
        Parameter(name, note, .id) { text in
            PositiveNumber.read(text).map { .value(Identifier<Entity>($0)) } ?? .wrong("Must be an id.")
        }
    }

    /// `created_at`, or `-created_at` for the newest first.
    static func ordering<Order: RawRepresentable<String> & CaseIterable>(_: Order.Type) -> Parameter
    where Value == Ordering<Order> {
        let names = Order.allCases.map(\.rawValue)
        return Parameter("ordering", "With '-' before it to descend.", .choice(names + names.map { "-" + $0 })) {
            text in
            let isDescending = text.hasPrefix("-")
            guard let order = Order(rawValue: String(isDescending ? text.dropFirst() : text[...])) else {
                return .wrong("One of \(names.joined(separator: ", ")), with '-' before it to descend.")
            }
            return .value(Ordering(order: order, isDescending: isDescending))
        }
    }
}

extension Parameter where Value == Int64 {
    static func integer(_ name: String, _ note: String = "", _ range: ClosedRange<Int64>) -> Parameter {
        Parameter(name, note, .integer(range)) { text in
            guard let number = Int64(plain: text) else { return .wrong("Must be a whole number.") }
            guard range.contains(number) else {
                return .wrong("Must be from \(range.lowerBound) to \(range.upperBound).")
            }
            return .value(number)
        }
    }
}

extension Parameter where Value == Instant {
    static func instant(_ name: String, _ note: String = "") -> Parameter {
        Parameter(name, note, .givenInstant) { text in
            Instant(parsing: text).map { .value($0) }
                ?? .wrong("Must be an instant with its time zone, such as 2026-07-24T09:30:00Z.")
        }
    }
}

extension Parameter where Value == Money {
    /// Nobody has more, and the pattern says so too.
    private static var largest: Int64 { Balance.largest.picoDollars - 1 }

    static func money(_ name: String, _ note: String = "") -> Parameter {
        Parameter(name, note, .text(1...22, pattern: #"^[0-8]?[0-9]{1,6}(\.[0-9]{1,12})?$"#)) { text in
            guard let money = try? Money(parsing: text), (0...largest).contains(money.picoDollars) else {
                return .wrong("Must be a decimal of digits with at most 12 after the point.")
            }
            return .value(money)
        }
    }
}

/// Cursors as links have them: `~` before one says that what is newer is meant.
enum CursorText {
    private static let after = "~"

    static func text<Key: CustomStringConvertible>(_ cursor: SliceCursor<Key>) -> String {
        switch cursor {
        case .before(let key): key.description
        case .after(let key): after + key.description
        }
    }

    static func read<Key>(_ text: String, key: (Substring) -> Key?) -> SliceCursor<Key>? {
        let isAfter = text.hasPrefix(after)
        return key(isAfter ? text.dropFirst() : text[...]).map { isAfter ? .after($0) : .before($0) }
    }
}

extension Parameter {
    /// - Parameters:
    ///   - most: characters of a key.
    ///   - pattern: of a key.
    static func cursor<Key>(
        most: Int,
        pattern: String,
        key: @escaping @Sendable (Substring) -> Key?
    ) -> Parameter where Value == SliceCursor<Key> {
        Parameter(
            "cursor",
            "From the next or previous link of a slice.",
            .text(1...(most + 1), pattern: "^~?\(pattern)$")
        ) { text in
            CursorText.read(text, key: key).map { .value($0) } ?? .wrong("Invalid cursor.")
        }
    }
}

/// Which page of a list.
struct PageNumber: Hashable, Sendable {
    /// What every list takes that has pages.
    static let parameters: [any Declaration] = [number, size]
    static let defaultSize = 50
    static let largestSize = 200

    let number: Int
    let size: Int

    var offset: Int { (number - 1) * size }

    static let number = Parameter<Int64>("page", "From 1; beyond the last one is 404.", .id) { text in
        PositiveNumber.read(text).map { .value($0) } ?? .wrong("Invalid page.")
    }
    static let size = Parameter<Int64>(
        "page_size",
        "How many a page, \(defaultSize) if not said.",
        .integer(1...Int64(largestSize))
    ) { text in
        if let number = PositiveNumber.read(text), number <= largestSize { return .value(number) }
        return .wrong("A whole number from 1 to \(largestSize).")
    }
}
