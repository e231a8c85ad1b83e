package import Domain

/// The secrets that the database keeps, sealed.
package struct SecretStore: Sendable {
    private let database: any Database

    package init(database: any Database) { self.database = database }

    /// Something was sealed already, so that a new master key would be the wrong one.
    package func hasSecrets() throws -> Bool {
        try database.read { connection in
            let counts = try connection.query(
                "SELECT (SELECT COUNT(*) FROM secrets) + (SELECT COUNT(*) FROM api_providers WHERE api_key IS NOT NULL)"
            ) { $0.int64(0) }
            return counts.first != 0
        }
    }

    /// Opens the vault: with the key in `file`, which is made where there is none and nothing is sealed yet.
    /// - Throws: `SecretError`, `StorageError`.
    package func openVault(_ file: MasterKeyFile) throws -> (vault: Vault, loaded: MasterKeyFile.Loaded) {
        let loaded = try hasSecrets() ? file.load() : file.loadOrCreate()
        return (Vault(master: loaded.key), loaded)
    }

    /// The newest pepper; the first one is made here. Idempotent, also between processes.
    /// - Throws: `SecretError` if it does not open under this master key: then no key of ours can be checked.
    package func pepper(_ vault: Vault, now: Instant) throws -> Pepper {
        if let pepper = try database.read({ try newest($0, vault) }) { return pepper }
        return try database.write { connection in
            if let pepper = try newest(connection, vault) { return pepper }
            let pepper = Pepper.random(version: 1)
            try connection.execute(
                "INSERT INTO secrets (name, version, value, created_at) VALUES (?, ?, ?, ?)",
                .text(Self.pepperName),
                .integer(pepper.version),
                .text(vault.seal(pepper.bytes, at: Self.pepperPlace(version: pepper.version))),
                SQLValue(now)
            )
            return pepper
        }
    }

    private static let pepperName = "api_key_pepper"

    private static func pepperPlace(version: Int64) -> SecretPlace {
        SecretPlace(table: "secrets", row: pepperName, column: "value", version: version)
    }

    private func newest(_ connection: any SQLConnection, _ vault: Vault) throws -> Pepper? {
        let rows = try connection.query(
            "SELECT version, value FROM secrets WHERE name = ? ORDER BY version DESC LIMIT 1",
            .text(Self.pepperName)
        ) { ($0.int64(0), $0.text(1)) }
        guard let (version, sealed) = rows.first else { return nil }
        let place = Self.pepperPlace(version: version)
        guard let pepper = Pepper(version: version, bytes: try vault.open(sealed, at: place)) else {
            throw SecretError.undecryptable(place: place.description)
        }
        return pepper
    }
}
