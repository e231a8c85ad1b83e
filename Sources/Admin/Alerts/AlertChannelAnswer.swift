import Domain

/// A channel as JSON; of its secrets only what tells two of them apart.
struct AlertChannelAnswer: Encodable {
    let channel: AlertChannelRecord

    static let readOnly: Set<String> = ["id", "secret_state", "created_at", "updated_at"]

    static let shape = Shape.object(
        "AlertChannel",
        [
            "id": .id, "name": .text, "kind": .choice(AlertChannelKind.self),
            "url": .text.nullable().noted("Where it leads, and its last characters."),
            "secret": .text.nullable().noted("Its last characters."),
            "secret_state": .choice(["none", "set", "undecryptable"]), "mail_host": .text.nullable(),
            "mail_port": .count.nullable(), "mail_security": .choice(MailRoute.Security.self).nullable(),
            "mail_username": .text.nullable(), "mail_from": .text.nullable(), "mail_recipients": .list(.text),
            "mail_authorities": .text.nullable(), "audience": .choice(AlertAudience.self),
            "kinds": .list(.choice(AlertKind.self)).nullable(),
            "least_severity": .choice(AlertSeverity.allCases.map(\.name)), "language": .choice(AlertLanguage.self),
            "is_active": .flag, "created_at": .instant, "updated_at": .instant,
        ]
    )

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: NameKey.self)
        let (state, hint): (String, String?) =
            switch channel.secret {
            case .none: ("none", nil)
            case .set(let hint): ("set", hint)
            case .undecryptable: ("undecryptable", nil)
            }
        try container.encode(channel.id.rawValue, forKey: NameKey("id"))
        try container.encode(channel.name, forKey: NameKey("name"))
        try container.encode(channel.kind.rawValue, forKey: NameKey("kind"))
        try container.encode(channel.url, forKey: NameKey("url"))
        try container.encode(hint, forKey: NameKey("secret"))
        try container.encode(state, forKey: NameKey("secret_state"))
        try container.encode(channel.mail?.host, forKey: NameKey("mail_host"))
        try container.encode(channel.mail?.port, forKey: NameKey("mail_port"))
        try container.encode(channel.mail?.security.rawValue, forKey: NameKey("mail_security"))
        try container.encode(channel.mail?.username, forKey: NameKey("mail_username"))
        try container.encode(channel.mail?.from, forKey: NameKey("mail_from"))
        try container.encode(channel.mail?.recipients ?? [], forKey: NameKey("mail_recipients"))
        try container.encode(channel.mail?.authorities, forKey: NameKey("mail_authorities"))
        try container.encode(channel.audience.rawValue, forKey: NameKey("audience"))
        try container.encode(channel.kinds.map { $0.map(\.rawValue).sorted() }, forKey: NameKey("kinds"))
        try container.encode(channel.leastSeverity.name, forKey: NameKey("least_severity"))
        try container.encode(channel.language.rawValue, forKey: NameKey("language"))
        try container.encode(channel.isActive, forKey: NameKey("is_active"))
        try container.encode(channel.createdAt.description, forKey: NameKey("created_at"))
        try container.encode(channel.updatedAt.description, forKey: NameKey("updated_at"))
    }
}
