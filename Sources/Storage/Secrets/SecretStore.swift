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
    /// - Parameter previous: the file of the key before, while secrets may still be sealed under it.
    /// - Throws: `SecretError`, `StorageError`.
    package func openVault(
        _ file: MasterKeyFile,
        previous: MasterKeyFile? = nil
    ) throws -> (vault: Vault, loaded: MasterKeyFile.Loaded) {
        let before = try previous?.load().key
        let loaded = try hasSecrets() ? file.load() : file.loadOrCreate()
        return (Vault(master: loaded.key, previous: before), loaded)
    }

    /// The newest pepper; the first one is made here. Idempotent, also between processes.
    /// - Throws: `SecretError` if it does not open under this master key: then no key of ours can be checked.
    package func pepper(_ vault: Vault, now: Instant) throws -> Pepper { try newest(vault, now: now) }

    /// The newest key that access tokens are signed with; the first one is made here. Idempotent, also between processes.
    /// - Throws: `SecretError` if it does not open under this master key: then no session can be opened or checked.
    package func sessionKey(_ vault: Vault, now: Instant) throws -> SessionKey { try newest(vault, now: now) }

    /// The newest key that checkpoints are signed with; the first one is made here. Idempotent, also between processes.
    /// - Throws: `SecretError` if it does not open under this master key: then no checkpoint can be signed.
    package func signerKey(_ vault: Vault, now: Instant) throws -> SignerKey { try newest(vault, now: now) }

    private func newest<Secret: StoredSecret>(_ vault: Vault, now: Instant) throws -> Secret {
        if let secret = try database.read({ try find($0, vault) as Secret? }) { return secret }
        return try database.write { connection in
            if let secret = try find(connection, vault) as Secret? { return secret }
            let secret = Secret.random(version: 1)
            try connection.execute(
                "INSERT INTO secrets (name, version, value, created_at) VALUES (?, ?, ?, ?)",
                .text(Secret.name),
                .integer(secret.version),
                .text(vault.seal(secret.bytes, at: Secret.place(version: secret.version))),
                SQLValue(now)
            )
            return secret
        }
    }

    private func find<Secret: StoredSecret>(_ connection: any SQLConnection, _ vault: Vault) throws -> Secret? {
        let rows = try connection.query(
            "SELECT version, value FROM secrets WHERE name = ? ORDER BY version DESC LIMIT 1",
            .text(Secret.name)
        ) { ($0.int64(0), $0.text(1)) }
        guard let (version, sealed) = rows.first else { return nil }
        let place = Secret.place(version: version)
        guard let secret = Secret(version: version, bytes: try vault.open(sealed, at: place)) else {
            throw SecretError.undecryptable(place: place.description)
        }
        return secret
    }
}
