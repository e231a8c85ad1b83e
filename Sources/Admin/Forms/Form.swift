import HTTPTypes
import Hummingbird

/// A request's body as it is read: member by member, collecting what is wrong with each, so that a client hears everything
/// at once.
struct Form {
    private let members: [String: JSONItem]
    private let body: Body
    private var problems = Problems()

    /// - Throws: `ControlError`: 400, 413, 415. What is wrong with members is thrown by ``finish()``.
    init(_ request: Request, _ body: Body) async throws {
        self.body = body
        members = try await Self.members(of: request, as: body)
        for name in members.keys where !body.has(name) {
            refuse(name, body.readOnly.contains(name) ? "This field is read-only." : "This field is not known here.")
        }
    }

    func has(_ name: String) -> Bool { members[name] != nil }

    /// All that was sent, however it was written.
    var text: String { JSONItem.object(members).text }

    mutating func refuse(_ name: String, _ message: Message) { problems.refuse(name, message) }

    /// For values that are right by themselves and not together.
    mutating func contradict(_ name: String, _ message: Message) { problems.contradict(name, message) }

    /// - Throws: what was wrong with members, all of it: 400; 422 where they only contradict each other.
    func finish() throws(ControlError) { try problems.finish() }

    /// - Parameter field: one that the route's ``Body`` names.
    /// - Returns: nil if it is absent or wrong; ``finish()`` throws where it is wrong, or absent and required.
    mutating func value<Value>(_ field: Field<Value>) -> Value? {
        assert(body.has(field.name), "\(field.name) is not declared")
        guard let item = members[field.name] else {
            if body.required.contains(where: { $0.name == field.name }) {
                refuse(field.name, "This field is required.")
            }
            return nil
        }
        switch field.read(item) {
        case .value(let value): return value
        case .wrong(let problem):
            refuse(field.name, item == .null ? "This field may not be null." : problem)
            return nil
        case .impossible(let problem):
            contradict(field.name, problem)
            return nil
        }
    }

    private static func members(of request: Request, as declared: Body) async throws -> [String: JSONItem] {
        let most = declared.largestBytes
        if let length = request.headers[.contentLength].flatMap(Int.init), length > most {
            throw ControlError.bodyTooLarge(most: most)
        }
        var body: [UInt8] = []
        for try await part in request.body {
            guard body.count + part.readableBytes <= most else { throw ControlError.bodyTooLarge(most: most) }
            body += part.readableBytesView
        }
        if body.isEmpty, declared.mayBeAbsent { return [:] }
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
