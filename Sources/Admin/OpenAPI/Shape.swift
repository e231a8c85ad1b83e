import Domain

/// What a JSON value looks like, in the words of JSON Schema 2020-12, as OpenAPI 3.1 has them.
struct Shape: Hashable, Sendable {
    let schema: [String: JSONItem]

    init(_ schema: [String: JSONItem]) { self.schema = schema }

    /// - Parameter pattern: an ECMA-262 expression.
    static func text(_ lengths: ClosedRange<Int>? = nil, pattern: String? = nil, format: String? = nil) -> Shape {
        var schema: [String: JSONItem] = ["type": .string("string")]
        if let lengths {
            schema["minLength"] = .number(String(lengths.lowerBound))
            schema["maxLength"] = .number(String(lengths.upperBound))
        }
        if let pattern { schema["pattern"] = .string(pattern) }
        if let format { schema["format"] = .string(format) }
        return Shape(schema)
    }

    static let text = Shape.text()
    static let flag = Shape(["type": .string("boolean")])
    static let integer = Shape(["type": .string("integer")])
    static let count = Shape.integer(0...Int64.max)
    static let id = Shape.integer(1...Int64.max)
    static let callID = Shape.text(format: "uuid")
    /// Exact US dollars: a decimal in a string, never a number, which programs would round.
    static let money = Shape.text(pattern: #"^-?[0-9]+\.[0-9]{2,12}$"#)
    /// ISO 8601 in UTC.
    static let instant = Shape.text(format: "date-time")
    /// One that is written: from 1970 on, with a time zone.
    static let givenInstant = Shape.text(
        pattern:
            #"^(19[7-9][0-9]|[2-9][0-9]{3})-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-5][0-9](\.[0-9]{1,6})?([Zz]|[+-](0[0-9]|1[0-3]):[0-5][0-9])$"#,
        format: "date-time"
    )

    static func integer(_ range: ClosedRange<Int64>) -> Shape {
        Shape([
            "type": .string("integer"), "minimum": .number(String(range.lowerBound)),
            "maximum": .number(String(range.upperBound)),
        ])
    }

    static func choice(_ values: [String]) -> Shape {
        Shape(["type": .string("string"), "enum": .array(values.map { .string($0) })])
    }

    static func choice<Choice: RawRepresentable<String> & CaseIterable>(_: Choice.Type) -> Shape {
        choice(Choice.allCases.map(\.rawValue))
    }

    static func list(_ element: Shape, most: Int? = nil) -> Shape {
        var schema: [String: JSONItem] = ["type": .string("array"), "items": .object(element.schema)]
        if let most { schema["maxItems"] = .number(String(most)) }
        return Shape(schema)
    }

    /// An object with these members and no others; those of an answer are all there, always.
    static func object(_ title: String, _ members: KeyValuePairs<String, Shape>) -> Shape {
        object(title, members.map { ($0.key, $0.value, true) })
    }

    static func object(_ title: String?, _ members: [(name: String, shape: Shape, isRequired: Bool)]) -> Shape {
        var properties: [String: JSONItem] = [:]
        for member in members { properties[member.name] = .object(member.shape.schema) }
        let required = members.filter(\.isRequired).map { JSONItem.string($0.name) }
        var schema: [String: JSONItem] = [
            "type": .string("object"), "properties": .object(properties), "additionalProperties": .bool(false),
        ]
        if let title { schema["title"] = .string(title) }
        if !required.isEmpty { schema["required"] = .array(required) }
        return Shape(schema)
    }

    /// An object with one more member, which is not always there.
    func with(_ name: String, _ shape: Shape) -> Shape {
        guard case .object(var properties) = schema["properties"] else { preconditionFailure("no object") }
        properties[name] = .object(shape.schema)
        return Shape(schema.merging(["properties": .object(properties)]) { $1 })
    }

    /// An object whose members are named by data.
    static func map(_ value: Shape) -> Shape {
        Shape(["type": .string("object"), "additionalProperties": .object(value.schema)])
    }

    func nullable() -> Shape {
        Shape(["anyOf": .array([.object(schema), .object(["type": .string("null")])])])
    }

    /// A parameter that a form sends though nothing was written.
    func or(_ other: Shape) -> Shape {
        Shape(["anyOf": .array([.object(schema), .object(other.schema)])])
    }

    func orBlank() -> Shape {
        Shape(["anyOf": .array([.object(schema), .object(["const": .string("")])])])
    }

    func noted(_ note: String) -> Shape {
        guard !note.isEmpty else { return self }
        return Shape(schema.merging(["description": .string(note)]) { $1 })
    }
}
