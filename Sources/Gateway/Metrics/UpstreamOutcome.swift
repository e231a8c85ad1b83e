/// How what a provider was to do ended, for whoever watches over providers.
enum UpstreamOutcome: Int, CaseIterable {
    case answered
    /// An error that the client's request made.
    case clientError
    /// One of the provider's own, or that we come too fast for it.
    case providerError
    case refusesUs
    case unreachable
    case timedOut
    case interrupted
    case invalid
    case beyondHold
    /// Nobody waited for it any more, or we were about to end.
    case abandoned

    /// As a label of metrics.
    var name: String {
        switch self {
        case .answered: "answered"
        case .clientError: "client_error"
        case .providerError: "provider_error"
        case .refusesUs: "refuses_us"
        case .unreachable: "unreachable"
        case .timedOut: "timeout"
        case .interrupted: "interrupted"
        case .invalid: "invalid"
        case .beyondHold: "beyond_hold"
        case .abandoned: "abandoned"
        }
    }

    /// - Parameter status: what the provider answered.
    init(_ ending: CallMachine.Ending, finale: CallMachine.Finale, status: Int) {
        switch finale {
        case .respond(let error), .breakOff(let error):
            switch error {
            case .upstreamUnreachable: self = .unreachable
            case .upstreamTimeout: self = .timedOut
            case .upstreamBroken: self = .interrupted
            case .upstreamInvalid: self = .invalid
            case .upstreamRefusesUs: self = .refusesUs
            case .outputBeyondHold: self = .beyondHold
            default: self = .abandoned
            }
        case .relayError: self = (400..<500).contains(status) && status != 429 ? .clientError : .providerError
        case .tail, .answer: self = ending == .capture(.complete) ? .answered : .providerError
        case .nothing: self = .abandoned
        }
    }
}
