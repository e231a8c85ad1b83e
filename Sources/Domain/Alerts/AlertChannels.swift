/// A channel to be made.
package struct NewAlertChannel: Sendable {
    package let name: String
    package let kind: AlertChannelKind
    package var changes: AlertChannelChanges

    package init(name: String, kind: AlertChannelKind, changes: AlertChannelChanges) {
        self.name = name
        self.kind = kind
        self.changes = changes
    }
}

/// What is to change of a channel; nil stays. Another URL, host, port or security clears the secret unless one is given
/// beside it: it was given for the old place.
package struct AlertChannelChanges: Sendable {
    package var name: String?
    package var url: WebhookURL?
    package var secret = CredentialChange.keep
    package var mailHost: String?
    package var mailPort: Int?
    package var mailSecurity: MailRoute.Security?
    package var mailUsername: String??
    package var mailFrom: String?
    package var mailRecipients: [String]?
    package var mailAuthorities: String??
    package var audience: AlertAudience?
    package var kinds: Set<AlertKind>??
    package var leastSeverity: AlertSeverity?
    package var language: AlertLanguage?
    package var isActive: Bool?

    package init() {}
}

/// Where channels are kept. Each change is one transaction with its audit leaf.
package protocol AlertChannels: Sendable {
    func channel(_ id: AlertChannelID) async throws(DeskError) -> AlertChannelRecord?
    func channels(_ query: AlertChannelQuery) async throws(DeskError) -> Page<AlertChannelRecord>
    /// - Throws: `.taken`, `.conflict(.tooMany)`.
    func create(_ new: NewAlertChannel, by actor: Actor) async throws(DeskError) -> AlertChannelRecord
    /// - Throws: `.notFound`, `.taken`, `.stale`.
    func update(
        _ id: AlertChannelID,
        _ changes: AlertChannelChanges,
        if precondition: Precondition,
        by actor: Actor
    ) async throws(DeskError) -> AlertChannelRecord
    /// The channel with its secrets, for a test, which is noted.
    /// - Throws: `.notFound`, `.conflict(.undecryptable)`.
    func targetForTest(_ id: AlertChannelID, by actor: Actor) async throws(DeskError) -> AlertTarget
}

/// A page of channels.
package struct AlertChannelQuery: Hashable, Sendable {
    package enum Order: String, CaseIterable, Sendable {
        case id, name, createdAt = "created_at"
    }

    package var search: String?
    package var kind: AlertChannelKind?
    package var isActive: Bool?
    package var window = Window(order: Order.id)

    package init() {}
}
