import Domain
import HTTPTypes

/// How the administration says no.
extension ControlError {
    private static func refusal(
        _ status: HTTPResponse.Status,
        _ code: String,
        _ message: Message,
        headers: HTTPFields = [:]
    ) -> ControlError {
        ControlError(
            status: status,
            message: message,
            type: "invalid_request_error",
            code: code,
            member: nil,
            headers: headers
        )
    }

    static func badFields(_ fields: [String: [Message]]) -> ControlError {
        var error = refusal(.badRequest, "invalid", "The request's members are not all right.")
        error.fields = fields
        return error
    }

    static func contradictoryFields(_ fields: [String: [Message]]) -> ControlError {
        self.fields(.unprocessableContent, "contradictory", fields)
    }

    // MARK: Bodies

    static func malformedBody(_ reason: String) -> ControlError {
        refusal(.badRequest, "parse_error", "The body is not valid JSON: \(reason).")
    }

    static let bodyNotObject = refusal(.badRequest, "parse_error", "The body must be a JSON object.")
    static let wrongContentType = refusal(
        .unsupportedMediaType,
        "unsupported_media_type",
        "The body must be application/json, in UTF-8 and not compressed."
    )
    static func bodyTooLarge(most bytes: Int) -> ControlError {
        refusal(.contentTooLarge, "body_too_large", "The body is larger than \(bytes / 1_024) KiB.")
    }

    // MARK: Who asks

    private static let challenge: HTTPFields = [.wwwAuthenticate: "Bearer"]

    static let notAuthenticated = refusal(
        .unauthorized,
        "not_authenticated",
        "Sign in first: send 'Authorization: Bearer' with an access token of /api/auth/login/.",
        headers: challenge
    )
    static let tokenNotValid = refusal(
        .unauthorized,
        "token_not_valid",
        "The access token is not valid, or its session has ended.",
        headers: challenge
    )
    static let refreshNotValid = refusal(
        .unauthorized,
        "refresh_not_valid",
        "The refresh token is not valid any more; sign in again.",
        headers: challenge
    )
    /// The same for an unknown user, a wrong password and an inactive user.
    static let invalidCredentials = refusal(
        .unauthorized,
        "invalid_credentials",
        "Email and password do not match an active user.",
        headers: challenge
    )
    static let permissionDenied = refusal(
        .forbidden,
        "permission_denied",
        "Your role does not allow this."
    )
    static let superAdminOnly = refusal(
        .forbidden,
        "permission_denied",
        "Only a super admin makes or changes super admins."
    )
    static let crossSite = refusal(
        .forbidden,
        "csrf_failed",
        "Signed in by cookie, a change needs this origin's own page and its X-CSRF-Token."
    )
    static let insecureTransport = refusal(
        .forbidden,
        "insecure_transport",
        """
        Passwords are not taken over plain http from beyond this host. Put TLS before it, with a proxy on this host or \
        in trusted_proxies that sends 'X-Forwarded-Proto: https', or set insecure_http.
        """
    )

    static let metricsNotAllowed = refusal(
        .unauthorized,
        "metrics_not_allowed",
        "Metrics are read from this host, from an address of metrics.addresses, or with the token of metrics.token.",
        headers: challenge
    )

    static func throttled(seconds: Int64) -> ControlError {
        refusal(
            .tooManyRequests,
            "throttled",
            "Too many attempts failed; try again in \(seconds) s.",
            headers: [.retryAfter: String(seconds)]
        )
    }

    static func tooManyListeners(seconds: Int) -> ControlError {
        refusal(
            .tooManyRequests,
            "too_many_streams",
            "Too many streams of live calls are open; end one of them.",
            headers: [.retryAfter: String(seconds)]
        )
    }

    // MARK: What is asked for

    /// The same for what is not there and what is not the asker's to see.
    static let missing = refusal(.notFound, "not_found", "Not found.")
    static let invalidPage = refusal(.notFound, "invalid_page", "Invalid page.")
    static let invalidHost = refusal(.badRequest, "invalid_host", "The Host header is not one.")
    static let changedMeanwhile = refusal(
        .preconditionFailed,
        "changed_meanwhile",
        "It was changed after you read it; read it again and decide anew."
    )

    /// Of one row: another has the value, or it does not go with what is stored.
    private static func fields(
        _ status: HTTPResponse.Status,
        _ code: String,
        _ fields: [String: [Message]]
    ) -> ControlError {
        var error = refusal(status, code, "The request's members are not all right.")
        error.fields = fields
        return error
    }

    static let tooBusy = ControlError(
        status: .serviceUnavailable,
        message: "Too many sign-ins are being checked; try again shortly.",
        type: "server_error",
        code: "unavailable",
        member: nil,
        headers: [.retryAfter: "1"]
    )

    init(_ error: DeskError) {
        switch error {
        case .notFound: self = .missing
        case .forbidden: self = .superAdminOnly
        case .taken(let field): self = .fields(.conflict, "taken", [field: ["Another one has this already."]])
        case .refused(let field, let refusal):
            self = .fields(.unprocessableContent, refusal.rawValue, [field: [refusal.message]])
        case .pinned(let field, let place):
            self = .fields(.conflict, "pinned", [field: ["It is set by \(place), which goes before; change it there."]])
        case .absent(let absence): self = .refusal(.notFound, absence.rawValue, absence.message)
        case .conflict(let conflict): self = .refusal(.conflict, conflict.rawValue, conflict.message)
        case .stale: self = .changedMeanwhile
        case .unavailable(let reason): self = .unavailable(because: Unavailable(reason: reason))
        }
    }

    private struct Unavailable: Error, CustomStringConvertible {
        let reason: String
        var description: String { reason }
    }
}

extension DeskError.Conflict {
    fileprivate var message: Message {
        switch self {
        case .lastSuperAdmin: "The last super admin stays one, and active."
        case .undecryptable: "The stored API key does not open under this master key; give it anew."
        case .hasBegun: "This price has begun or begins within a minute; calls may have it already."
        case .ended: "It has ended or is inactive, and money put there would be lost."
        case .notBegun: "Its period has not begun yet."
        case .exceedsCaptured: "More than was charged for the call and not given back yet."
        case .revoked: "A revoked key stays revoked; make a new one."
        case .playground: "The playground's key keeps its name and ends by itself; make another one for other uses."
        case .tooMany: "There are too many of them already."
        case .unreadable: "What is kept does not open: it is damaged, or its key is under another master key."
        case .acknowledged: "It is acknowledged already."
        }
    }
}

extension BodyAbsence {
    fileprivate var message: Message {
        switch self {
        case .notCaptured: "Nothing was kept of this call's bodies."
        case .expired: "Bodies of that time are not kept any more."
        case .erased: "What was kept of this call's bodies was erased."
        }
    }
}

extension DeskError.Refusal {
    fileprivate var message: Message {
        switch self {
        case .unknown: "There is no such one."
        case .incompletePrice: "Input and output need a price each; a price of nothing is written \"0\"."
        case .highPrice: "More than $1 per 1,000 tokens; if that is meant, send allow_high_price: true."
        case .privateAddress: "This is a private address; set upstream.allow_private if that is meant."
        case .forbiddenAddress: "This is an address or port that no provider may have."
        case .past: "Must not be in the past; leave it out for now."
        case .aboveContext: "Must not exceed context_length."
        case .aboveMaximum: "Must not exceed max_output_tokens."
        case .notFuture: "Must be in the future."
        case .tooLarge: "It would come to more than $9,000,000, the largest amount there is."
        case .exceedsQuota: "More than is left: what calls were charged cannot be taken."
        case .needed: "This field is required when money moves."
        case .renews: "Its periods end when its renewal says."
        case .beyondOwner: "The key's user may not use this."
        case .otherRequest: "This key was another request's; a new request needs a new key."
        case .malformed: "This is no value of this setting; its note says what is."
        }
    }
}
