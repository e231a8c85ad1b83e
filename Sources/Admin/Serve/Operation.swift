import Domain
import HTTPTypes
import Hummingbird

/// One thing that can be asked of the administration: who may ask it, what it takes, what it gives. There is no operation
/// that does not say; the OpenAPI document is made of nothing else.
struct Operation: Sendable {
    enum Access: Hashable, Sendable {
        /// Also somebody who is not signed in.
        case anyone
        case atLeast(Role)
    }

    enum Answer: Sendable {
        case open(@Sendable (AdminRequest) async throws -> Response)
        case guarded(Role, @Sendable (AdminRequest, Caller) async throws -> Response)
    }

    /// What comes when all is well.
    enum Success: Sendable {
        case ok(Shape)
        case created(Shape)
        case page(of: Shape)
        /// A list that is not counted.
        case slice(of: Shape)
        /// 204, no body.
        case empty
        /// A body of this media type that is not JSON.
        case text(String)
    }

    let method: HTTPRequest.Method
    /// `/api/admin/users/{id}`; a slash at its end makes no difference.
    let path: String
    /// What it does, in a sentence.
    let summary: String
    let query: [any Declaration]
    /// Nil: no body is looked at.
    let body: Body?
    /// With an `Idempotency-Key` it is done once, however often it is asked for.
    let isRepeatable: Bool
    let success: Success
    let answer: Answer

    var access: Access {
        switch answer {
        case .open: .anyone
        case .guarded(let role, _): .atLeast(role)
        }
    }

    static func open(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ summary: String,
        query: [any Declaration] = [],
        body: Body? = nil,
        gives success: Success,
        _ answer: @escaping @Sendable (AdminRequest) async throws -> Response
    ) -> Operation {
        Operation(
            method: method,
            path: path,
            summary: summary,
            query: query,
            body: body,
            isRepeatable: false,
            success: success,
            answer: .open(answer)
        )
    }

    static func guarded(
        _ method: HTTPRequest.Method,
        _ path: String,
        atLeast role: Role,
        _ summary: String,
        query: [any Declaration] = [],
        body: Body? = nil,
        isRepeatable: Bool = false,
        gives success: Success,
        _ answer: @escaping @Sendable (AdminRequest, Caller) async throws -> Response
    ) -> Operation {
        Operation(
            method: method,
            path: path,
            summary: summary,
            query: query,
            body: body,
            isRepeatable: isRepeatable,
            success: success,
            answer: .guarded(role, answer)
        )
    }

    /// Whether a request's path is one of this operation's.
    func matches(_ path: String) -> Bool {
        let (names, parts) = (self.path.split(separator: "/"), path.split(separator: "/"))
        return names.count == parts.count && zip(names, parts).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }
}

/// All operations of the administration: what is served, and what is answered to other methods.
struct Operations: Sendable {
    let all: [Operation]
    private let gate: Guard

    init(guarding gate: Guard, _ all: [Operation]) {
        self.gate = gate
        self.all = all
    }

    func add(to router: Router<ControlPlane.Context>) {
        for operation in all {
            let gate = gate
            router.on(RouterPath(operation.path), method: operation.method) { request, context in
                let asked = AdminRequest(request, context, of: operation)
                switch operation.answer {
                case .open(let answer):
                    try asked.expectKnownParameters()
                    return try await answer(asked)
                case .guarded(let role, let answer):
                    let caller = try await gate.caller(of: request, atLeast: role)
                    try asked.expectKnownParameters()
                    return try await answer(asked, caller)
                }
            }
        }
        for path in Set(all.map(\.path)) {
            let allowed = methods(of: path).joined(separator: ", ")
            router.on(RouterPath(path), method: .options) { _, _ in
                Response(status: .noContent, headers: [.allow: allowed, .cacheControl: "no-store"])
            }
        }
    }

    /// What may be asked at a request's path; nil where there is nothing.
    func methods(at path: String) -> [String]? {
        all.first { $0.matches(path) }.map { methods(of: $0.path) }
    }

    private func methods(of path: String) -> [String] {
        all.filter { $0.path == path }.map(\.method.rawValue).flatMap { $0 == "GET" ? ["GET", "HEAD"] : [$0] }
            + ["OPTIONS"]
    }
}
