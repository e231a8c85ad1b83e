/// What a user wants to be told, and how.
package struct AlertPreferences: Hashable, Sendable {
    /// Of the own quotas, by mail; so unless said otherwise.
    package let byMail: Bool
    package let updatedAt: Instant

    package init(byMail: Bool = true, updatedAt: Instant = AlertRules.unset) {
        self.byMail = byMail
        self.updatedAt = updatedAt
    }
}
