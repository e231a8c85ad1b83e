/// A setting as the control plane shows one.
package struct SettingRecord: Hashable, Sendable {
    /// Where a value comes from; what is named later goes before what is named earlier.
    package enum Origin: String, Hashable, Sendable, CaseIterable {
        case `default`, database, file, environment, flag
    }

    package let name: String
    /// Nil where it is secret.
    package let value: String?
    package let `default`: String?
    package let origin: Origin
    /// The file's line, the variable or the flag that sets it.
    package let place: String?
    package let isSecret: Bool
    /// It may be changed while servers run, unless `place` pins it.
    package let isLive: Bool
    package let note: String

    package init(
        name: String,
        value: String?,
        default: String?,
        origin: Origin,
        place: String?,
        isSecret: Bool,
        isLive: Bool,
        note: String
    ) {
        self.name = name
        self.value = value
        self.default = `default`
        self.origin = origin
        self.place = place
        self.isSecret = isSecret
        self.isLive = isLive
        self.note = note
    }
}

/// All settings, and the version of what the database has of them.
package struct SettingList: Hashable, Sendable {
    package let items: [SettingRecord]
    package let updatedAt: Instant

    package init(items: [SettingRecord], updatedAt: Instant) {
        self.items = items
        self.updatedAt = updatedAt
    }
}

/// Settings as a running server has them.
package protocol SettingsDesk: Sendable {
    /// Names of those that may be changed while servers run.
    var liveNames: [String] { get }
    func settings() async throws(DeskError) -> SettingList
    /// Sets what is given, in one transaction with its audit leaf; nil takes a value out of the database. Every server
    /// follows within two seconds.
    /// - Throws: `.pinned`, `.refused`, `.stale`.
    func change(
        _ values: [String: String?],
        if precondition: Precondition,
        by actor: Actor
    ) async throws(DeskError) -> SettingList
}

/// What the database has of the settings, by name.
package struct StoredSettings: Hashable, Sendable {
    package let values: [String: String]
    package let updatedAt: Instant

    package init(values: [String: String], updatedAt: Instant) {
        self.values = values
        self.updatedAt = updatedAt
    }
}

/// Follows the settings of the database.
package protocol SettingsFollower: Sendable {
    /// What the database has now; at a start, and whenever it has changed.
    func follow(_ stored: StoredSettings)
}
