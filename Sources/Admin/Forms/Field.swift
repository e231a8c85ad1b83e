import Domain

/// What came of reading a value that somebody sent.
enum Reading<Value: Sendable>: Sendable {
    case value(Value)
    /// Why it is none.
    case wrong(Message)
    /// As its shape says, and still not possible: 422 where ``wrong(_:)`` is 400.
    case impossible(Message)
}

/// A member of a request's body: how it is read, and how the OpenAPI document describes it, in one declaration.
struct Field<Value: Sendable>: Declaration {
    let name: String
    let note: String
    let shape: Shape
    let read: @Sendable (JSONItem) -> Reading<Value>

    init(_ name: String, _ note: String, _ shape: Shape, read: @escaping @Sendable (JSONItem) -> Reading<Value>) {
        self.name = name
        self.note = note
        self.shape = shape
        self.read = read
    }

    /// What else has to be true of it, beyond what its shape says.
    func checked(_ check: @escaping @Sendable (Value) -> Message?) -> Field {
        Field(name, note, shape) { [read] item in
            let reading = read(item)
            if case .value(let value) = reading, let problem = check(value) { return .wrong(problem) }
            return reading
        }
    }

    func mapped<Other: Sendable>(_ change: @escaping @Sendable (Value) -> Other) -> Field<Other> {
        Field<Other>(name, note, shape) { [read] item in
            switch read(item) {
            case .value(let value): .value(change(value))
            case .wrong(let problem): .wrong(problem)
            case .impossible(let problem): .impossible(problem)
            }
        }
    }

    /// Null is a value: nil.
    func nullable() -> Field<Value?> {
        Field<Value?>(name, note, shape.nullable()) { [read] item in
            if item == .null { return .value(nil) }
            switch read(item) {
            case .value(let value): return .value(value)
            case .wrong(let problem): return .wrong(problem)
            case .impossible(let problem): return .impossible(problem)
            }
        }
    }
}

/// A value that a request may give, as the OpenAPI document describes it.
protocol Declaration: Sendable {
    var name: String { get }
    var note: String { get }
    var shape: Shape { get }
}

// MARK: - Kinds

extension Field where Value == String {
    /// - Parameters:
    ///   - lengths: in characters of Unicode (scalars).
    ///   - pattern: described, not checked: give a check that says the same.
    static func text(
        _ name: String,
        _ note: String = "",
        _ lengths: ClosedRange<Int> = 0...1_000,
        pattern: String? = nil,
        format: String? = nil
    ) -> Field {
        Field(name, note, .text(lengths, pattern: pattern ?? #"^[^\u0000]*$"#, format: format)) { item in
            guard case .string(let text) = item else { return .wrong("Must be a text.") }
            if text.unicodeScalars.contains("\0") { return .wrong("U+0000 is not allowed.") }
            let count = text.unicodeScalars.count
            if count > lengths.upperBound { return .wrong("At most \(lengths.upperBound) characters.") }
            if count < lengths.lowerBound {
                return .wrong(
                    count == 0 ? "This field may not be blank." : "At least \(lengths.lowerBound) characters."
                )
            }
            return .value(text)
        }
    }

    /// A secret, a name at another service: one word of visible ASCII.
    static func word(_ name: String, _ note: String, _ lengths: ClosedRange<Int>) -> Field {
        text(name, note, lengths, pattern: "^[!-~]+$").checked { text in
            let isPlain = text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
            return isPlain ? nil : "Must be visible characters of ASCII without spaces."
        }
    }

    /// What something is called: one line that is not blank, without spaces around it.
    static func title(_ name: String, _ note: String = "", most: Int = 100) -> Field {
        let graphic = #"[^\u0000-\u001f\u007f-\u009f\s]"#
        return text(
            name,
            note,
            1...most,
            pattern: #"^ *"# + graphic + #"([^\u0000-\u001f\u007f-\u009f]*"# + graphic + #")? *$"#
        )
        .checked { text in
            if text.trimmed.isEmpty { return "This field may not be blank." }
            let hasControl = text.unicodeScalars.contains { $0.properties.generalCategory == .control }
            return hasControl ? "Control characters are not allowed." : nil
        }
        .mapped(\.trimmed)
    }
}

extension Field where Value == Bool {
    static func flag(_ name: String, _ note: String = "") -> Field {
        Field(name, note, .flag) { item in
            guard case .bool(let value) = item else { return .wrong("Must be true or false.") }
            return .value(value)
        }
    }
}

extension Field where Value == Int64 {
    static func integer(_ name: String, _ note: String = "", _ range: ClosedRange<Int64>) -> Field {
        Field(name, note, .integer(range)) { item in
            guard case .number(let text) = item, let number = Int64(whole: text) else {
                return .wrong("Must be a whole number.")
            }
            guard range.contains(number) else {
                return .wrong("Must be from \(range.lowerBound) to \(range.upperBound).")
            }
            return .value(number)
        }
    }
}

extension Field {
    /// The id of another row.
    static func id<Entity>(_ name: String, _ note: String = "") -> Field where Value == Identifier<Entity> {
        Field<Int64>.integer(name, note, 1...Int64.max).mapped { Identifier<Entity>($0) }
    }

    static func choice(_ name: String, _ note: String = "") -> Field
    where Value: RawRepresentable<String> & CaseIterable {
        let names = Value.allCases.map(\.rawValue)
        return Field(name, note, .choice(names)) { item in
            guard case .string(let text) = item else { return .wrong("Must be a text.") }
            guard let value = Value(rawValue: text) else {
                return .wrong("One of \(names.joined(separator: ", ")).")
            }
            return .value(value)
        }
    }

    /// - Parameter element: its name and note are not used.
    static func list<Element>(_ name: String, _ note: String = "", of element: Field<Element>, most: Int) -> Field
    where Value == [Element] {
        Field(name, note, .list(element.shape, most: most)) { item in
            guard case .array(let items) = item else { return .wrong("Must be a list.") }
            guard items.count <= most else { return .wrong("At most \(most) elements.") }
            var values: [Element] = []
            for item in items {
                switch element.read(item) {
                case .value(let value): values.append(value)
                case .wrong(let problem): return .wrong(problem)
                case .impossible(let problem): return .impossible(problem)
                }
            }
            return .value(values)
        }
    }
}

extension Field where Value == Money {
    /// Dollars as a decimal in a string, digits alone, exact to twelve decimals.
    static func money(_ name: String, _ note: String = "", _ range: ClosedRange<Money>) -> Field {
        let sign = range.lowerBound < .zero ? "-?" : ""
        return Field(name, note, .text(1...22, pattern: "^\(sign)[0-9]{1,7}(\\.[0-9]{1,12})?$")) { item in
            guard case .string(let text) = item else { return .wrong("Must be a decimal in a text, such as \"1.50\".") }
            guard let money = try? Money(parsing: text) else {
                return .wrong("Must be a decimal of digits with at most 12 after the point.")
            }
            if money < .zero, range.lowerBound >= .zero { return .wrong("May not be negative.") }
            guard range.contains(money) else {
                return .impossible("Must be from \(range.lowerBound) to \(range.upperBound).")
            }
            return .value(money)
        }
    }
}

extension Field where Value == Multiplier {
    /// A factor as a decimal in a string, exact to four decimals.
    static func multiplier(_ name: String, _ note: String = "") -> Field {
        Field(name, note, .text(1...8, pattern: #"^[0-9]{1,3}(\.[0-9]{1,4})?$"#)) { item in
            guard case .string(let text) = item else { return .wrong("Must be a decimal in a text, such as \"1.50\".") }
            guard DecimalForm.fits(text, whole: 3, places: 4), let multiplier = try? Multiplier(parsing: text) else {
                return .wrong("Must be a decimal of digits, at most 3 before the point and 4 after it.")
            }
            return .value(multiplier)
        }
    }
}

extension Field where Value == Instant {
    static func instant(_ name: String, _ note: String = "") -> Field {
        Field(name, note, .givenInstant) { item in
            guard case .string(let text) = item, let instant = Instant(parsing: text) else {
                return .wrong("Must be an instant with its time zone, such as 2026-07-24T09:30:00Z.")
            }
            return .value(instant)
        }
    }
}

extension Field where Value == CallID {
    static func callID(_ name: String, _ note: String = "") -> Field {
        Field(name, note, .callID) { item in
            guard case .string(let text) = item, let id = CallID(parsing: text) else {
                return .wrong("Must be the request_id of a call.")
            }
            return .value(id)
        }
    }
}

extension Int64 {
    /// As JSON Schema takes integers: `5.0` is one too.
    init?(whole text: String) {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 1 || parts[1].utf8.allSatisfy({ $0 == UInt8(ascii: "0") }) else { return nil }
        self.init(plain: String(parts[0]))
    }

    /// A JSON number that is whole as written: no decimals, no exponent.
    init?(plain text: String) {
        guard text.utf8.allSatisfy({ $0 == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        self.init(text)
    }
}
