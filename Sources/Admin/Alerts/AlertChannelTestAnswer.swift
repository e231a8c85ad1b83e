import Domain

/// What came of testing a channel.
struct AlertChannelTestAnswer: Encodable {
    let problem: DeliveryProblem?
    let language: Language

    static let shape = Shape.object(
        "AlertChannelTest",
        [
            "ok": .flag, "problem": .choice(DeliveryProblem.self).nullable(), "detail": .text,
        ]
    )

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: NameKey.self)
        try container.encode(problem == nil, forKey: NameKey("ok"))
        try container.encode(problem?.rawValue, forKey: NameKey("problem"))
        let detail = problem?.words ?? "It was taken."
        try container.encode(detail.text(in: language), forKey: NameKey("detail"))
    }
}

extension DeliveryProblem {
    var words: Message {
        switch self {
        case .forbiddenAddress: "It stands at an address that no channel may have with these settings."
        case .unknownHost: "Its name resolves to no address."
        case .unreachable: "No connection, or it broke."
        case .timedOut: "It did not answer within ten seconds."
        case .redirected: "It sends elsewhere, which is not followed."
        case .refused: "It answered with an error."
        case .notAuthorized: "It does not take the secret."
        case .insecure: "Its certificate proves nothing, or it does no TLS."
        case .noSecret: "It has no secret to be signed with."
        case .undecryptable: "Its secret does not open under this master key; give it anew."
        case .noRecipient: "There is nobody to tell."
        }
    }
}
