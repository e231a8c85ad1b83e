import Domain
import HTTPTypes

/// The OpenAPI 3.1 document of the administration, made of nothing but the operations that are served.
struct OpenAPIDocument {
    private static let fieldErrors = Shape(
        [
            "type": .string("object"), "minProperties": .number("1"),
            "additionalProperties": .object(Shape.list(.text).schema),
        ]
    )
    private static let detail = Shape.object("Error", ["detail": .text, "code": .text.nullable()])

    let operations: Operations
    let version: String

    var json: JSONItem {
        var paths: [String: [String: JSONItem]] = [:]
        for operation in operations.all {
            paths[operation.path + "/", default: [:]][operation.method.rawValue.lowercased()] = item(operation)
        }
        return .object([
            "openapi": .string("3.1.0"),
            "info": .object([
                "title": .string("TokenAudit"), "version": .string(version),
                "description": .string(
                    "The administration. A slash at the end of a path makes no difference; money is a decimal in a string, in US dollars."
                ),
            ]),
            "paths": .object(paths.mapValues { .object($0) }),
            "components": .object([
                "securitySchemes": .object([
                    "bearer": .object([
                        "type": .string("http"), "scheme": .string("bearer"), "bearerFormat": .string("JWT"),
                        "description": .string("The access token of /api/auth/login/."),
                    ])
                ])
            ]),
        ])
    }

    private func item(_ operation: Operation) -> JSONItem {
        var item: [String: JSONItem] = [
            "operationId": .string(Self.name(of: operation)),
            "summary": .string(operation.summary),
            "tags": .array([.string(Self.tag(of: operation))]),
            "responses": .object(responses(operation)),
        ]
        let parameters = Self.pathParameters(of: operation) + operation.query.map(Self.query) + Self.headers(operation)
        if !parameters.isEmpty { item["parameters"] = .array(parameters) }
        if let body = operation.body, !(body.required.isEmpty && body.optional.isEmpty) {
            item["requestBody"] = .object([
                "required": .bool(!body.mayBeAbsent), "content": Self.content(body.shape),
            ])
        }
        if case .atLeast(let role) = operation.access {
            item["security"] = .array([.object(["bearer": .array([])])])
            item["description"] = .string("For \(role.rawValue) and up.")
        }
        return .object(item)
    }

    /// `/api/admin/users/{id}/reset-key` is about users, `/api/auth/login` about auth.
    static func tag(of operation: Operation) -> String {
        let parts = operation.path.split(separator: "/")
        let isNested = parts.first == "api" && parts.count > 2 && parts[1] != "auth"
        return String(isNested ? parts[2] : parts.count > 1 ? parts[1] : parts.first ?? "")
    }

    private static func name(of operation: Operation) -> String {
        let words = operation.path.split { "/-_{}".contains($0) }.drop { $0 == "api" }
        return operation.method.rawValue.lowercased()
            + words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    // MARK: - Asking

    private static func pathParameters(of operation: Operation) -> [JSONItem] {
        operation.path.split(separator: "/").filter { $0.hasPrefix("{") }.map { part in
            let name = String(part.dropFirst().dropLast())
            return parameter(name, in: "path", "", name == "request_id" ? .callID : .id, isRequired: true)
        }
    }

    private static func query(_ declared: any Declaration) -> JSONItem {
        parameter(declared.name, in: "query", declared.note, declared.shape.orBlank(), isRequired: false)
    }

    /// Changes of one row can be tied to the version that was read; those that move money can be asked for again.
    private static func headers(_ operation: Operation) -> [JSONItem] {
        var headers: [JSONItem] = []
        if isVersioned(operation) {
            headers.append(
                parameter(
                    "If-Match",
                    in: "header",
                    "The ETag of what was read: 412 if it has changed since.",
                    .text(pattern: #"^"[1-9][0-9]{0,18}"$"#),
                    isRequired: false
                )
            )
        }
        if operation.isRepeatable {
            headers.append(
                parameter(
                    "Idempotency-Key",
                    in: "header",
                    "Any name for this request. Sent again within a day it is answered again and not done again.",
                    IdempotencyKey.shape,
                    isRequired: false
                )
            )
        }
        return headers
    }

    private static func isVersioned(_ operation: Operation) -> Bool {
        [.put, .patch, .delete].contains(operation.method)
    }

    private static func parameter(
        _ name: String,
        in place: String,
        _ note: String,
        _ shape: Shape,
        isRequired: Bool
    ) -> JSONItem {
        var item: [String: JSONItem] = [
            "name": .string(name), "in": .string(place), "required": .bool(isRequired),
            "schema": .object(shape.schema),
        ]
        if !note.isEmpty { item["description"] = .string(note) }
        return .object(item)
    }

    // MARK: - Answering

    private func responses(_ operation: Operation) -> [String: JSONItem] {
        var responses: [String: JSONItem] = [:]
        switch operation.success {
        case .ok(let shape): responses["200"] = Self.response("Done.", shape)
        case .created(let shape): responses["201"] = Self.response("Made.", shape)
        case .page(let shape): responses["200"] = Self.response("A page.", ListQuery.shape(of: shape))
        case .slice(let shape): responses["200"] = Self.response("A slice.", ListQuery.sliceShape(of: shape))
        case .empty: responses["204"] = .object(["description": .string("Done.")])
        case .text(let type):
            responses["200"] = .object([
                "description": .string("Done."),
                "content": .object([type: .object(["schema": .object(Shape.text.schema)])]),
            ])
        }
        let isGuarded = operation.access != .anyone
        let hasID = operation.path.contains("{")
        let takesBody = operation.body != nil
        let isChange = operation.method != .get
        let either = Shape(["anyOf": .array([.object(Self.fieldErrors.schema), .object(Self.detail.schema)])])
        responses["400"] = Self.response("Not as described here.", either)
        if isGuarded || takesBody { responses["401"] = Self.response("Not signed in.", Self.detail) }
        responses["403"] = Self.response("Not allowed.", Self.detail)
        if hasID || !operation.query.isEmpty { responses["404"] = Self.response("Not there.", Self.detail) }
        if isChange, isGuarded { responses["409"] = Self.response("Something else stands in the way.", either) }
        if isChange && isGuarded || !operation.query.isEmpty {
            responses["422"] = Self.response("Does not go with what is stored.", either)
        }
        if Self.isVersioned(operation) { responses["412"] = Self.response("Changed meanwhile.", Self.detail) }
        if takesBody {
            responses["413"] = Self.response("Too large.", Self.detail)
            responses["415"] = Self.response("Not JSON.", Self.detail)
        }
        if isChange { responses["429"] = Self.response("Too many attempts.", Self.detail) }
        responses["503"] = Self.response("The database cannot be asked now.", Self.detail)
        return responses
    }

    private static func response(_ note: String, _ shape: Shape) -> JSONItem {
        .object(["description": .string(note), "content": content(shape)])
    }

    private static func content(_ shape: Shape) -> JSONItem {
        .object(["application/json": .object(["schema": .object(shape.schema)])])
    }
}
