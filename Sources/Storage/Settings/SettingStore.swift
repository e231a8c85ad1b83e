package import Domain

/// Settings that administrators changed while servers run.
package struct SettingStore: Sendable {
    private let desk: ControlDesk

    package init(desk: ControlDesk) { self.desk = desk }

    package func stored() async throws(DeskError) -> StoredSettings { try await desk.read(SettingRows.all) }

    /// Sets what is given and differs; nil takes a value away. - Throws: `.stale`.
    package func change(
        _ values: [String: String?],
        if precondition: Precondition,
        by actor: Actor
    ) async throws(DeskError) -> StoredSettings {
        try await desk.write { act in
            let stored = try SettingRows.all(act.connection)
            try precondition.check(stored.updatedAt)
            let changed = values.filter { $0.value != stored.values[$0.key] }
            guard !changed.isEmpty else { return stored }
            for (name, value) in changed {
                try SettingRows.set(name, to: value, now: act.now, after: stored.updatedAt, act.connection)
            }
            try act.record(.setting, row: 0, .updated, fields: changed.keys.sorted(), by: actor)
            return try SettingRows.all(act.connection)
        }
    }
}

/// The table of settings. A value that was taken away leaves its row: the newest change is the version of them all.
enum SettingRows {
    static func all(_ connection: any SQLConnection) throws -> StoredSettings {
        var values: [String: String] = [:]
        // There is a version before the first change: the schema's.
        let made = try connection.query("SELECT MAX(applied_at) FROM schema_migrations") { $0.instant(0) }
        var updatedAt = made.first ?? Instant(microseconds: 1)
        let rows = try connection.query("SELECT name, value, updated_at FROM settings") {
            (name: $0.text(0), value: $0.optionalText(1), updatedAt: $0.instant(2))
        }
        for row in rows {
            values[row.name] = row.value
            updatedAt = max(updatedAt, row.updatedAt)
        }
        return StoredSettings(values: values, updatedAt: updatedAt)
    }

    static func set(
        _ name: String,
        to value: String?,
        now: Instant,
        after version: Instant,
        _ connection: any SQLConnection
    ) throws {
        try connection.execute(
            "INSERT INTO settings (name, value, updated_at) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
            .text(name),
            SQLValue(value),
            SQLValue(max(now, Instant(microseconds: version.microseconds + 1)))
        )
    }
}
