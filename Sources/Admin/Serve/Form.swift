import HTTPTypes
import Hummingbird

/// The members of a request's body: those the route names and no others. Reads them one by one and collects what is wrong
/// with each, so that a client hears everything at once.
struct Form {
    private static let largestBytes = 65_536

    private let members: [String: JSONItem]
    private var problems: [String: [String]] = [:]

    /// - Parameters:
    ///   - accepts: what may be given.
    ///   - readOnly: what an answer of this route shows and no request sets.
    ///   - isOptional: no body at all is an empty one.
    /// - Throws: `ControlError`: 400, 413, 415. What is wrong with members is thrown by ``finish()``.
    init(
        _ request: Request,
        accepts: Set<String>,
        readOnly: Set<String> = [],
        isOptional: Bool = false
    ) async throws {
        members = try await Self.members(of: request, isOptional: isOptional)
        for name in members.keys where !accepts.contains(name) {
            refuse(name, readOnly.contains(name) ? "This field is read-only." : "This field is not known here.")
        }
    }

    /// For routes that take nothing: no body, or an empty object.
    static func expectNothing(in request: Request) async throws {
        try await Form(request, accepts: [], isOptional: true).finish()
    }

    func has(_ name: String) -> Bool { members[name] != nil }

    mutating func refuse(_ name: String, _ message: String) {
        problems[name, default: []].append(message)
    }

    /// - Throws: what was wrong with members, all of it.
    func finish() throws(ControlError) {
        if !problems.isEmpty { throw .badFields(problems) }
    }

    /// - Parameter check: gives what is wrong, or nil.
    /// - Returns: nil if it is absent or wrong.
    mutating func text(_ name: String, isRequired: Bool, check: (String) -> String? = { _ in nil }) -> String? {
        guard let item = item(name, isRequired: isRequired) else { return nil }
        guard case .string(let text) = item else {
            refuse(name, "Must be a text.")
            return nil
        }
        if text.unicodeScalars.contains("\0") {
            refuse(name, "U+0000 is not allowed.")
            return nil
        }
        if let problem = check(text) {
            refuse(name, problem)
            return nil
        }
        return text
    }

    mutating func flag(_ name: String, isRequired: Bool) -> Bool? {
        guard let item = item(name, isRequired: isRequired) else { return nil }
        guard case .bool(let value) = item else {
            refuse(name, "Must be true or false.")
            return nil
        }
        return value
    }

    private mutating func item(_ name: String, isRequired: Bool) -> JSONItem? {
        guard let item = members[name] else {
            if isRequired { refuse(name, "This field is required.") }
            return nil
        }
        guard item != .null else {
            refuse(name, "This field may not be null.")
            return nil
        }
        return item
    }

    private static func members(of request: Request, isOptional: Bool) async throws -> [String: JSONItem] {
        if let length = request.headers[.contentLength].flatMap(Int.init), length > largestBytes {
            throw ControlError.bodyTooLarge
        }
        var body: [UInt8] = []
        for try await part in request.body {
            guard body.count + part.readableBytes <= largestBytes else { throw ControlError.bodyTooLarge }
            body += part.readableBytesView
        }
        if body.isEmpty, isOptional { return [:] }
        guard isJSON(request.headers), request.headers[.contentEncoding] == nil else {
            throw ControlError.wrongContentType
        }
        let item: JSONItem
        do {
            item = try JSONReader.read(body)
        } catch {
            throw ControlError.malformedBody(error.reason)
        }
        guard case .object(let members) = item else { throw ControlError.bodyNotObject }
        return members
    }

    private static func isJSON(_ headers: HTTPFields) -> Bool {
        let values = headers[values: .contentType]
        guard values.count == 1 else { return false }
        let parts = values[0].lowercased().split(separator: ";", omittingEmptySubsequences: false)
            .map { $0.filter { $0 != " " && $0 != "\t" } }
        return parts[0] == "application/json"
            && parts.dropFirst().allSatisfy { ["", "charset=utf-8", "charset=\"utf-8\""].contains($0) }
    }
}
