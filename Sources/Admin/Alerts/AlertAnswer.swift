import Domain

/// An alert as JSON: its figures, and the same in words.
struct AlertAnswer: Encodable {
    let record: AlertRecord
    let language: Language

    static let shape = Shape.object("Alert", members)

    static let members: [(name: String, shape: Shape, isRequired: Bool)] = [
        ("id", .count, true), ("kind", .choice(AlertKind.self), true),
        ("severity", .choice(AlertSeverity.allCases.map(\.name)), true), ("title", .text, true), ("text", .text, true),
        ("subject", .count.noted("A quota, a user, a provider or a channel, by its kind; 0: the whole."), true),
        ("threshold", .count.noted("Percent used, or hours before the end."), true),
        ("period", .count.noted("A quota's period, a provider's incident, an hour or a day."), true),
        ("round", .count, true), ("user", .id.nullable(), true), ("user_email", .text.nullable(), true),
        ("name", .text, true), ("amount", .money.nullable(), true), ("total", .money.nullable(), true),
        ("calls", .count.nullable(), true), ("failures", .count.nullable(), true),
        ("at", .instant.nullable(), true),
        ("is_told", .flag.noted("False: channels were told of a graver one beside it."), true),
        ("raised_at", .instant, true), ("acknowledged_at", .instant.nullable(), true),
        ("acknowledged_by", .text.nullable(), true), ("acknowledge_reason", .text.nullable(), true),
    ]

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: NameKey.self)
        let alert = record.alert
        let text = AlertText(record, in: language)
        try container.encode(record.id.rawValue, forKey: NameKey("id"))
        try container.encode(alert.kind.rawValue, forKey: NameKey("kind"))
        try container.encode(alert.severity.name, forKey: NameKey("severity"))
        try container.encode(text.title, forKey: NameKey("title"))
        try container.encode(text.lines.joined(separator: "\n"), forKey: NameKey("text"))
        try container.encode(alert.subject, forKey: NameKey("subject"))
        try container.encode(alert.threshold, forKey: NameKey("threshold"))
        try container.encode(alert.period, forKey: NameKey("period"))
        try container.encode(alert.round, forKey: NameKey("round"))
        try container.encode(alert.userID?.rawValue, forKey: NameKey("user"))
        try container.encode(record.userEmail, forKey: NameKey("user_email"))
        try container.encode(alert.name, forKey: NameKey("name"))
        try container.encode(alert.amount?.description, forKey: NameKey("amount"))
        try container.encode(alert.total?.description, forKey: NameKey("total"))
        try container.encode(alert.calls, forKey: NameKey("calls"))
        try container.encode(alert.failures, forKey: NameKey("failures"))
        try container.encode(alert.at?.description, forKey: NameKey("at"))
        try container.encode(alert.isTold, forKey: NameKey("is_told"))
        try container.encode(record.raisedAt.description, forKey: NameKey("raised_at"))
        let acknowledgement = record.acknowledgement
        try container.encode(acknowledgement?.at.description, forKey: NameKey("acknowledged_at"))
        try container.encode(acknowledgement?.actor, forKey: NameKey("acknowledged_by"))
        try container.encode(acknowledgement?.reason, forKey: NameKey("acknowledge_reason"))
    }
}
