package import Domain

/// Channels in the database.
package struct AlertChannelStore: AlertChannels {
    /// Each has a connection of its own while it delivers.
    private static let mostChannels: Int64 = 50

    private let desk: ControlDesk
    private let vault: Vault

    package init(desk: ControlDesk, vault: Vault) {
        self.desk = desk
        self.vault = vault
    }

    package func channel(_ id: AlertChannelID) async throws(DeskError) -> AlertChannelRecord? {
        try await desk.read { [vault] in try AlertChannelRows.find(id, vault, $0)?.channel }
    }

    package func channels(_ query: AlertChannelQuery) async throws(DeskError) -> Page<AlertChannelRecord> {
        try await desk.read { [vault] in try AlertChannelRows.page(query, vault, $0) }
    }

    package func create(_ new: NewAlertChannel, by actor: Actor) async throws(DeskError) -> AlertChannelRecord {
        try await desk.write { [vault] act in
            try act.expectFree(new.name, in: "alert_channels")
            let count = try act.connection.query("SELECT COUNT(*) FROM alert_channels") { $0.int64(0) }.first ?? 0
            guard count < Self.mostChannels else { throw DeskError.conflict(.tooMany) }
            let id = try AlertChannelRows.insert(new, vault, act)
            try act.testify("alert_channel created", row: id, by: actor.description)
            return try Self.found(AlertChannelID(id), vault, act)
        }
    }

    package func update(
        _ id: AlertChannelID,
        _ changes: AlertChannelChanges,
        if precondition: Precondition,
        by actor: Actor
    ) async throws(DeskError) -> AlertChannelRecord {
        try await desk.write { [vault] act in
            try precondition.check(try Self.found(id, vault, act).updatedAt)
            try act.expectFree(changes.name, in: "alert_channels", besides: id.rawValue)
            let fields = try AlertChannelRows.set(changes, of: id.rawValue, vault, act)
            if !fields.isEmpty {
                try act.testify("alert_channel updated", row: id.rawValue, fields: fields, by: actor.description)
            }
            return try Self.found(id, vault, act)
        }
    }

    package func targetForTest(_ id: AlertChannelID, by actor: Actor) async throws(DeskError) -> AlertTarget {
        try await desk.write { [vault] act in
            guard let target = try AlertChannelRows.find(id, vault, act.connection) else { throw DeskError.notFound }
            if target.channel.secret == .undecryptable { throw DeskError.conflict(.undecryptable) }
            try act.testify("alert_channel tested", row: id.rawValue, by: actor.description)
            return target
        }
    }

    private static func found(
        _ id: AlertChannelID,
        _ vault: Vault,
        _ act: ActTransaction
    ) throws -> AlertChannelRecord {
        guard let target = try AlertChannelRows.find(id, vault, act.connection) else { throw DeskError.notFound }
        return target.channel
    }
}
