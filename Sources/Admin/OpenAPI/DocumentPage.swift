import Domain
import HTTPTypes

/// The operations as a page that can be read: who may ask each, what it takes, what it gives.
struct DocumentPage {
    let operations: Operations
    let version: String

    var html: String {
        var tags: [String] = []
        for operation in operations.all {
            let tag = OpenAPIDocument.tag(of: operation)
            if !tags.contains(tag) { tags.append(tag) }
        }
        let links = tags.map { "<a href=\"#\($0)\">\($0)</a>" }.joined(separator: " ")
        let sections = tags.map { tag in
            let items = operations.all.filter { OpenAPIDocument.tag(of: $0) == tag }.map(section).joined()
            return "<h2 id=\"\(tag)\">\(tag)</h2>\(items)"
        }
        return """
            <!doctype html><html lang="en"><head><meta charset="utf-8"><title>TokenAudit API</title>
            <meta name="viewport" content="width=device-width, initial-scale=1"><style>\(Self.style)</style></head><body>
            <h1>TokenAudit API <small>\(Self.escaped(version))</small></h1>
            <p>Sign in at <code>POST /api/auth/login/</code> and send <code>Authorization: Bearer</code> with the access
            token. A slash at the end of a path makes no difference. Money is a decimal in a string, in US dollars;
            instants are UTC. For programs: <a href="/openapi.json">openapi.json</a>.</p>
            <nav>\(links)</nav>\(sections.joined())</body></html>
            """
    }

    private func section(_ operation: Operation) -> String {
        let role: String =
            switch operation.access {
            case .anyone: "anyone"
            case .atLeast(let role): "\(role.rawValue) and up"
            }
        var rows = operation.query.map { Self.row($0.name, "query", $0.shape, $0.note) }
        if let body = operation.body {
            rows += body.required.map { Self.row($0.name, "required", $0.shape, $0.note) }
            rows += body.optional.map { Self.row($0.name, "optional", $0.shape, $0.note) }
        }
        let table = rows.isEmpty ? "" : "<table>\(rows.joined())</table>"
        return """
            <details><summary><b>\(operation.method.rawValue)</b> <code>\(Self.escaped(operation.path))/</code>
            <span>\(Self.escaped(operation.summary))</span></summary><p>For \(role).</p>\(table)
            \(Self.given(operation.success))</details>
            """
    }

    private static func given(_ success: Operation.Success) -> String {
        switch success {
        case .ok(let shape): "<p>200:</p><pre>\(escaped(shape.sketch))</pre>"
        case .created(let shape): "<p>201:</p><pre>\(escaped(shape.sketch))</pre>"
        case .page(let shape): "<p>200, a page of:</p><pre>\(escaped(shape.sketch))</pre>"
        case .slice(let shape): "<p>200, a slice of:</p><pre>\(escaped(shape.sketch))</pre>"
        case .empty: "<p>204, no body.</p>"
        case .text(let type): "<p>200: \(escaped(type))</p>"
        }
    }

    private static func row(_ name: String, _ place: String, _ shape: Shape, _ note: String) -> String {
        "<tr><td><code>\(escaped(name))</code><td>\(place)<td>\(escaped(shape.sketch))<td>\(escaped(note))</tr>"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing("\"", with: "&quot;")
    }

    private static let style = """
        :root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
        summary{cursor:pointer;padding:.3rem 0}summary b{display:inline-block;min-width:4.5rem}summary span{opacity:.75}
        table{border-collapse:collapse;margin:.5rem 0}td{padding:.15rem .8rem .15rem 0;vertical-align:top}
        pre{overflow:auto;padding:.6rem;border:1px solid #8886;border-radius:.3rem}nav a{margin-right:.8rem}
        """
}

extension Shape {
    /// What it looks like, for people.
    var sketch: String { Self.sketch(schema, indent: "") }

    private static func sketch(_ schema: [String: JSONItem], indent: String) -> String {
        if case .array(let values) = schema["enum"] {
            return values.map(\.text).joined(separator: " | ")
        }
        if case .array(let options) = schema["anyOf"] {
            return options.compactMap { option in
                if case .object(let schema) = option { return sketch(schema, indent: indent) }
                return nil
            }.joined(separator: " | ")
        }
        guard case .string(let type) = schema["type"] else { return "any" }
        switch type {
        case "object":
            guard case .object(let properties) = schema["properties"] else { return "object" }
            let inner = indent + "  "
            let lines = properties.sorted { $0.key < $1.key }.map { name, value in
                guard case .object(let schema) = value else { return "" }
                return "\(inner)\(name): \(sketch(schema, indent: inner))"
            }
            return "{\n" + lines.joined(separator: "\n") + "\n\(indent)}"
        case "array":
            guard case .object(let items) = schema["items"] else { return "list" }
            return "[" + sketch(items, indent: indent) + "]"
        case "string":
            if case .string(let format) = schema["format"] { return format }
            return schema == Shape.money.schema ? "money" : "text"
        default: return type
        }
    }
}
