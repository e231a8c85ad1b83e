/// What a route takes as its body: these members and no others.
struct Body: Sendable {
    let required: [any Declaration]
    let optional: [any Declaration]
    /// What an answer of this route shows and no request sets.
    let readOnly: Set<String>
    /// No body at all is an empty one.
    let mayBeAbsent: Bool
    /// What has to hold between members: the route sees to it, this is for the document (JSON Schema's `dependentRequired`
    /// and the like).
    let rules: [String: JSONItem]
    let largestBytes: Int

    init(
        required: [any Declaration] = [],
        optional: [any Declaration] = [],
        readOnly: Set<String> = [],
        mayBeAbsent: Bool = false,
        rules: [String: JSONItem] = [:],
        largestBytes: Int = 65_536
    ) {
        self.required = required
        self.optional = optional
        self.readOnly = readOnly
        self.mayBeAbsent = mayBeAbsent
        self.rules = rules
        self.largestBytes = largestBytes
    }

    /// No body, or an empty object.
    static let nothing = Body(mayBeAbsent: true)

    /// The same with nothing required: what PATCH takes where PUT takes this.
    var partial: Body { Body(optional: required + optional, readOnly: readOnly) }

    var shape: Shape {
        let members = Shape.object(
            nil,
            required.map { ($0.name, $0.shape.noted($0.note), true) }
                + optional.map { ($0.name, $0.shape.noted($0.note), false) }
        )
        return Shape(members.schema.merging(rules) { $1 })
    }

    func has(_ name: String) -> Bool { required.contains { $0.name == name } || optional.contains { $0.name == name } }
}
