import Domain
import HTTPTypes
import Hummingbird

/// A request of the administration, read by what its operation declares.
struct AdminRequest: Sendable {
    let request: Request
    let context: ControlPlane.Context
    private let operation: Operation

    init(_ request: Request, _ context: ControlPlane.Context, of operation: Operation) {
        self.request = request
        self.context = context
        self.operation = operation
    }

    /// - Throws: 400, 413, 415.
    func form() async throws -> Form { try await Form(request, operation.body ?? .nothing) }

    /// For operations that take nothing.
    func expectNothing() async throws { try await form().finish() }

    /// Where parameters are declared, ``query()`` looks at them.
    func expectKnownParameters() throws(ControlError) {
        if operation.query.isEmpty { try ListQuery.expectNone(in: request) }
    }

    func query() throws(ControlError) -> ListQuery {
        try ListQuery(request, operation.query, transport: Transport(request, context))
    }

    /// The id in the path.
    /// - Throws: 404, as for one that does not exist.
    func id<Entity>(_ name: Substring = "id") throws(ControlError) -> Identifier<Entity> {
        guard let text = context.parameters.get(String(name)), let number = PositiveNumber.read(text) else {
            throw .missing
        }
        return Identifier(number)
    }

    var language: Language { Language(accepting: request.headers[.acceptLanguage]) }

    /// The call in the path.
    /// - Throws: 404, as for one that does not exist.
    func callID() throws(ControlError) -> CallID {
        guard let id = context.parameters.get("request_id").flatMap({ CallID(parsing: $0) }) else { throw .missing }
        return id
    }

    /// Which versions `If-Match` lets be replaced (RFC 9110 §13.1.1); a tag of another form matches none.
    var precondition: Precondition {
        let tags = request.headers[values: .ifMatch].flatMap { $0.split(separator: ",") }.map { String($0).trimmed }
        if tags.isEmpty || tags.contains("*") { return .none }
        return .versions(Set(tags.compactMap(VersionTag.read)))
    }
}

/// A row's version as an `ETag`.
enum VersionTag {
    static func text(_ updatedAt: Instant) -> String { "\"\(updatedAt.microseconds)\"" }

    static func read(_ tag: some StringProtocol) -> Int64? {
        guard tag.utf8.count > 2, tag.hasPrefix("\""), tag.hasSuffix("\"") else { return nil }
        return PositiveNumber.read(tag.dropFirst().dropLast())
    }
}
