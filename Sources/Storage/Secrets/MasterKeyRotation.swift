package import Domain

/// Wraps every secret that the database keeps under another master key, row by row: what was done stays done when it is
/// broken off, and a second run goes on with the rest.
package struct MasterKeyRotation {
    package struct Report: Hashable, Sendable {
        /// Wrapped anew by this run.
        package internal(set) var rewrapped = 0
        /// Under the new key before.
        package internal(set) var alreadyNew = 0
        /// What opens under neither key stays as it is; why, place by place.
        package internal(set) var failed: [SecretError] = []
    }

    private let database: any Database
    private let vault: Vault
    private let now: @Sendable () -> Instant

    /// - Parameter vault: seals under the new key and opens under both.
    package init(database: any Database, vault: Vault, now: @escaping @Sendable () -> Instant) {
        self.database = database
        self.vault = vault
        self.now = now
    }

    /// - Throws: `StorageError`.
    package func run() throws -> Report {
        var report = Report()
        for row in try database.read(Self.rows) {
            do {
                if try rewrap(row) { report.rewrapped += 1 } else { report.alreadyNew += 1 }
            } catch let error as SecretError {
                report.failed.append(error)
            }
            Failpoint.hit("storage.rewrapped")
        }
        if report.rewrapped > 0 {
            try database.write { connection in
                try ActTransaction(connection, clock: now).testify(
                    "master_key rotated",
                    row: 0,
                    by: Actor.command("keys rotate-master").description
                )
            }
        }
        return report
    }

    /// One sealed value: where it stands, and how it is found again.
    private struct Row {
        let place: SecretPlace
        let keys: [SQLValue]
        let find: String
        let replace: String
    }

    private static func rows(_ connection: any SQLConnection) throws -> [Row] {
        let secrets = try connection.query("SELECT name, version FROM secrets ORDER BY name, version") { row in
            Row(
                place: SecretPlace(table: "secrets", row: row.text(0), column: "value", version: row.int64(1)),
                keys: [.text(row.text(0)), .integer(row.int64(1))],
                find: "SELECT value FROM secrets WHERE name = ? AND version = ?",
                replace: "UPDATE secrets SET value = ? WHERE name = ? AND version = ?"
            )
        }
        let providers = try connection.query(
            "SELECT id, api_key_version FROM api_providers WHERE api_key IS NOT NULL ORDER BY id"
        ) { row in
            Row(
                place: .providerKey(ProviderID(row.int64(0)), version: row.int64(1)),
                keys: [.integer(row.int64(0)), .integer(row.int64(1))],
                find: "SELECT api_key FROM api_providers WHERE id = ? AND api_key_version = ? AND api_key IS NOT NULL",
                replace: "UPDATE api_providers SET api_key = ? WHERE id = ? AND api_key_version = ?"
            )
        }
        let channels = try connection.query(
            "SELECT id, target_version FROM alert_channels WHERE target IS NOT NULL ORDER BY id"
        ) { row in
            Row(
                place: .alertTarget(AlertChannelID(row.int64(0)), version: row.int64(1)),
                keys: [.integer(row.int64(0)), .integer(row.int64(1))],
                find: "SELECT target FROM alert_channels WHERE id = ? AND target_version = ? AND target IS NOT NULL",
                replace: "UPDATE alert_channels SET target = ? WHERE id = ? AND target_version = ?"
            )
        }
        return secrets + providers + channels
    }

    /// - Returns: false where it is under the new key already, or was exchanged for another secret meanwhile.
    private func rewrap(_ row: Row) throws -> Bool {
        try database.write { connection in
            guard let sealed = try connection.query(row.find, values: row.keys, row: { $0.text(0) }).first,
                let new = try vault.rewrap(sealed, at: row.place)
            else { return false }
            let statement = try connection.prepare(row.replace)
            defer { statement.reset() }
            for (index, value) in ([.text(new)] + row.keys).enumerated() { statement.bind(value, at: index + 1) }
            _ = try statement.step()
            return true
        }
    }
}
