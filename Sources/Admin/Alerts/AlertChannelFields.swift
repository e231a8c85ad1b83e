import Domain

/// A channel's members, as they are written.
enum AlertChannelFields {
    private static let mostRecipients = 50
    private static let mostAuthorities = 8_192

    static let name = Field<String>.title("name", "Unique.")
    static let kind = Field<AlertChannelKind>.choice("kind", "What it speaks; it stays so.")

    static let url = Field<WebhookURL>(
        "url",
        "Where it posts, kept sealed. Another one clears the secret.",
        .text(8...WebhookURL.mostBytes, pattern: #"^https?://[A-Za-z0-9_.:\[\]-]+([/?][!$%-;=?-\[\]_a-z~]*)?$"#)
    ) { item in
        guard case .string(let text) = item else { return .wrong("Must be a text.") }
        guard let url = WebhookURL(parsing: text) else { return .impossible("Must be an http or https URL.") }
        return .value(url)
    }

    static let secret = Field<String>
        .word(
            "secret",
            """
            Kept sealed. Of a webhook whsec_ and 24 to 64 random bytes in base64; of feishu and dingtalk what they sign with; \
            of email the password. Null: none.
            """,
            1...500
        )
        .mapped { Credential($0) }
        .nullable()

    static let mailHost = Field<String>
        .text("mail_host", "The mail server.", 1...253, pattern: #"^[A-Za-z0-9_.:-]+$"#)
        .checked { text in
            let isHost = text.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "0")...UInt8(ascii: ":"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
            return isHost ? nil : "Must be a host's name or address."
        }
        .mapped { $0.lowercased() }
    static let mailPort = Field<Int64>.integer("mail_port", "587 if not said.", 1...65_535)
    static let mailSecurity = Field<MailRoute.Security>.choice(
        "mail_security",
        "starttls if not said; none only to this host itself."
    )
    static let mailUsername = Field<String>.word("mail_username", "Null: nobody signs in.", 1...200).nullable()
    static let mailFrom = address("mail_from", "Whom mails come from.")
    static let mailRecipients = Field<[String]>.list(
        "mail_recipients",
        "Whom a channel for operators tells.",
        of: address("", ""),
        most: mostRecipients
    )
    static let mailAuthorities = Field<String>
        .text(
            "mail_authorities",
            "Certificates in PEM that the server's is checked against, beside the system's; null: none.",
            1...mostAuthorities
        )
        .nullable()

    static let audience = Field<AlertAudience>.choice(
        "audience",
        "operators, of everything, if not said; owners: users by mail, of their own quotas."
    )
    static let kinds = Field<[AlertKind]>
        .list("kinds", "Null: all.", of: .choice(""), most: AlertKind.allCases.count)
        .nullable()
    static let leastSeverity = Field<AlertSeverity>(
        "least_severity",
        "This one and graver; info if not said.",
        .choice(AlertSeverity.allCases.map(\.name))
    ) { item in
        guard case .string(let text) = item else { return .wrong("Must be a text.") }
        return AlertSeverity(name: text).map { .value($0) }
            ?? .wrong("One of \(AlertSeverity.allCases.map(\.name).joined(separator: ", ")).")
    }
    static let language = Field<AlertLanguage>.choice("language", "en if not said.")
    static let isActive = Field<Bool>.flag("is_active")

    static let changeable: [any Declaration] = [
        url, secret, mailHost, mailPort, mailSecurity, mailUsername, mailFrom, mailRecipients, mailAuthorities,
        audience, kinds, leastSeverity, language,
    ]

    private static func address(_ name: String, _ note: String) -> Field<String> {
        let email = AccountFields.email
        return Field(name, note, email.shape, read: email.read)
    }

    /// All but name and kind.
    static func changes(_ form: inout Form) -> AlertChannelChanges {
        var changes = AlertChannelChanges()
        changes.url = form.value(url)
        if let secret = form.value(secret) { changes.secret = secret.map { .set($0) } ?? .clear }
        changes.mailHost = form.value(mailHost)
        changes.mailPort = form.value(mailPort).map { Int($0) }
        changes.mailSecurity = form.value(mailSecurity)
        changes.mailUsername = form.value(mailUsername)
        changes.mailFrom = form.value(mailFrom)
        changes.mailRecipients = form.value(mailRecipients)
        changes.mailAuthorities = form.value(mailAuthorities)
        changes.audience = form.value(audience)
        changes.kinds = form.value(kinds).map { $0.map { Set($0) } }
        changes.leastSeverity = form.value(leastSeverity)
        changes.language = form.value(language)
        return changes
    }
}
