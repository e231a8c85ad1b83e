import Domain
import HTTPTypes
import Hummingbird

/// One thing that can be asked of the administration, and who may ask it. There is no operation that does not say.
struct Operation: Sendable {
    enum Access: Hashable, Sendable {
        /// Also somebody who is not signed in.
        case anyone
        case atLeast(Role)
    }

    enum Answer: Sendable {
        case open(@Sendable (Request, ControlPlane.Context) async throws -> Response)
        case guarded(Role, @Sendable (Request, ControlPlane.Context, Caller) async throws -> Response)
    }

    let method: HTTPRequest.Method
    /// `/api/admin/users/{id}`; a slash at its end makes no difference.
    let path: String
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
        _ answer: @escaping @Sendable (Request, ControlPlane.Context) async throws -> Response
    ) -> Operation {
        Operation(method: method, path: path, answer: .open(answer))
    }

    static func guarded(
        _ method: HTTPRequest.Method,
        _ path: String,
        atLeast role: Role,
        _ answer: @escaping @Sendable (Request, ControlPlane.Context, Caller) async throws -> Response
    ) -> Operation {
        Operation(method: method, path: path, answer: .guarded(role, answer))
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
                switch operation.answer {
                case .open(let answer):
                    return try await answer(request, context)
                case .guarded(let role, let answer):
                    return try await answer(request, context, try await gate.caller(of: request, atLeast: role))
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
        let parts = path.split(separator: "/")
        let pattern = all.first { operation in
            let names = operation.path.split(separator: "/")
            return names.count == parts.count && zip(names, parts).allSatisfy { $0 == "{id}" || $0 == $1 }
        }
        return pattern.map { methods(of: $0.path) }
    }

    private func methods(of path: String) -> [String] {
        all.filter { $0.path == path }.map(\.method.rawValue).flatMap { $0 == "GET" ? ["GET", "HEAD"] : [$0] }
            + ["OPTIONS"]
    }
}

extension ControlPlane.Context {
    /// The id in the path.
    /// - Throws: 404, as for one that does not exist.
    func id<Entity>() throws(ControlError) -> Identifier<Entity> {
        guard let text = parameters.get("id"), let number = PositiveNumber.read(text) else { throw .missing }
        return Identifier(number)
    }
}
