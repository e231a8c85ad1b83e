/// Why an alert did not arrive; never in a receiver's own words, which may repeat a secret.
package enum DeliveryProblem: String, CaseIterable, Error, Sendable {
    case forbiddenAddress = "forbidden_address"
    case unknownHost = "unknown_host"
    case unreachable
    case timedOut = "timed_out"
    case redirected
    /// It answered with an error.
    case refused
    /// It does not know us, or not this secret.
    case notAuthorized = "not_authorized"
    /// The mail server cannot be trusted or does no TLS.
    case insecure
    case noSecret = "no_secret"
    case undecryptable
    /// The user has gone, is inactive or wants no mail.
    case noRecipient = "no_recipient"
}
