/// A channel as the control plane shows one: never its secret, and of its URL only where it leads.
package struct AlertChannelRecord: Hashable, Sendable {
    package let id: AlertChannelID
    package let name: String
    package let kind: AlertChannelKind
    /// Masked; nil for mail, and where it does not open.
    package let url: String?
    package let mail: MailRoute?
    package let secret: CredentialState
    package let audience: AlertAudience
    /// Nil: all.
    package let kinds: Set<AlertKind>?
    package let leastSeverity: AlertSeverity
    package let language: AlertLanguage
    package let isActive: Bool
    package let createdAt: Instant
    package let updatedAt: Instant

    package init(
        id: AlertChannelID,
        name: String,
        kind: AlertChannelKind,
        url: String?,
        mail: MailRoute?,
        secret: CredentialState,
        audience: AlertAudience,
        kinds: Set<AlertKind>?,
        leastSeverity: AlertSeverity,
        language: AlertLanguage,
        isActive: Bool,
        createdAt: Instant,
        updatedAt: Instant
    ) {
        self.id = id
        self.name = name
        self.kind = kind
        self.url = url
        self.mail = mail
        self.secret = secret
        self.audience = audience
        self.kinds = kinds
        self.leastSeverity = leastSeverity
        self.language = language
        self.isActive = isActive
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}
