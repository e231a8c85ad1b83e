import Domain
import HTTPTypes
import Hummingbird

/// An answer that says no, in the words of the plane it is given on: OpenAI's envelope under `/v1`; elsewhere Django
/// REST's, `{"field":["…"]}` for what is wrong with a request's members, else `{"detail":"…","code":"…"}`.
struct ControlError: Error, Sendable {
    let status: HTTPResponse.Status
    let message: Message
    /// OpenAI's kind of error; ignored elsewhere.
    let type: String
    let code: String?
    let member: String?
    /// What is wrong with each member of the request; empty where it is not about members.
    var fields: [String: [Message]] = [:]
    var headers = HTTPFields()
    /// Why, for the log alone.
    var cause: (any Error)?

    static let missingKey = ControlError(
        status: .unauthorized,
        message: "No API key was given. Send it as 'Authorization: Bearer sk-audit-…', 'x-api-key' or 'api-key'.",
        type: "invalid_request_error",
        code: "invalid_api_key",
        member: nil
    )

    static let invalidKey = ControlError(
        status: .unauthorized,
        message: "The API key is unknown, revoked or expired.",
        type: "invalid_request_error",
        code: "invalid_api_key",
        member: nil
    )

    static let addressNotAllowed = ControlError(
        status: .forbidden,
        message: "This API key may not be used from your address.",
        type: "permission_error",
        code: "ip_not_authorized",
        member: nil
    )

    static let unavailable = ControlError(
        status: .serviceUnavailable,
        message: "The database cannot be asked now; try again shortly.",
        type: "server_error",
        code: "server_is_overloaded",
        member: nil,
        headers: [.retryAfter: "1"]
    )

    /// As ``unavailable``, told why.
    static func unavailable(because cause: any Error) -> ControlError {
        var error = unavailable
        error.cause = cause
        return error
    }

    static let internalError = ControlError(
        status: .internalServerError,
        message: "Something went wrong here; the log has it under this request's id.",
        type: "server_error",
        code: "internal_error",
        member: nil
    )

    static func badParameter(_ name: String, _ message: Message) -> ControlError {
        ControlError(status: .badRequest, message: message, type: "invalid_request_error", code: nil, member: name)
    }

    static func notFound(_ path: String) -> ControlError {
        ControlError(
            status: .notFound,
            message: "There is nothing at \(path).",
            type: "invalid_request_error",
            code: "not_found",
            member: nil
        )
    }

    static func methodNotAllowed(_ method: String, _ path: String, allowed: [String]) -> ControlError {
        ControlError(
            status: .methodNotAllowed,
            message: "\(method) is not allowed at \(path); use \(allowed.joined(separator: " or ")).",
            type: "invalid_request_error",
            code: "method_not_allowed",
            member: nil,
            headers: [.allow: allowed.joined(separator: ", ")]
        )
    }

    static func unknownModel(_ name: String) -> ControlError {
        ControlError(
            status: .notFound,
            message: "The model '\(name)' does not exist or your key has no access to it.",
            type: "invalid_request_error",
            code: "model_not_found",
            member: "model"
        )
    }

    /// - Parameter path: decides the envelope.
    func response(for path: String, in language: Language) -> Response {
        let body: any Encodable & Sendable
        let message = message.text(in: language)
        if APIPath.isUnderV1(path) {
            body = OpenAIError(error: .init(message: message, type: type, param: member, code: code))
        } else if fields.isEmpty {
            body = Detail(detail: message, code: code)
        } else {
            body = fields.mapValues { $0.map { $0.text(in: language) } }
        }
        var headers = headers
        headers[.contentLanguage] = language.rawValue
        return JSONAnswer.response(body, status: status, headers: headers)
    }

    private struct OpenAIError: Encodable {
        struct Body: Encodable {
            let message: String
            let type: String
            let param: String?
            let code: String?

            enum CodingKeys: CodingKey { case message, type, param, code }

            /// All four members, always: clients read `param` and `code` without asking.
            func encode(to encoder: any Encoder) throws {
                var container = encoder.container(keyedBy: CodingKeys.self)
                try container.encode(message, forKey: .message)
                try container.encode(type, forKey: .type)
                try container.encode(param, forKey: .param)
                try container.encode(code, forKey: .code)
            }
        }

        let error: Body
    }

    private struct Detail: Encodable {
        let detail: String
        /// Stable, for programs; the words beside it may change.
        let code: String?
    }
}
