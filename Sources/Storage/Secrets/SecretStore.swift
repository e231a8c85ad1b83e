package import Domain

/// The secrets that the database keeps, sealed.
package struct SecretStore: Sendable {
    private let database: any Database

    package init(database: any Database) { self.database = database }

    /// Something was sealed already, so that a new master key would be the wrong one.
    package func hasSecrets() throws -> Bool {
        try database.read { connection in
            let counts = try connection.query(
                "SELECT (SELECT COUNT(*) FROM secrets) + (SELECT COUNT(*) FROM api_providers WHERE api_key IS NOT NULL) + (SELECT COUNT(*) FROM alert_channels WHERE target IS NOT NULL)"
            ) { $0.int64(0) }
            return counts.first != 0
        }
    }

    /// Opens the vault: with the key in `file`, which is made where there is none and nothing is sealed yet, if that is allowed.
    /// - Parameter previous: the file of the key before, while secrets may still be sealed under it.
    /// - Throws: `SecretError`, `StorageError`.
    package func openVault(
        _ file: MasterKeyFile,
        previous: MasterKeyFile? = nil,
        mayCreate: Bool = true
    ) throws -> (vault: Vault, loaded: MasterKeyFile.Loaded) {
        let before = try previous?.load().key
        let loaded = try !mayCreate || hasSecrets() ? file.load() : file.loadOrCreate()
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

    /// The key of a day's bodies, made where there is none. Idempotent, also between processes.
    func bodyKey(_ day: Int64, _ vault: Vault, now: Instant) throws -> BodyKey {
        try newest(vault, version: day, now: now)
    }

    func bodyKey(_ day: Int64, _ vault: Vault) throws -> BodyKey? {
        try database.read { try find($0, vault, version: day) }
    }

    /// Writes only where there is one.
    func dropBodyKeys(before day: Int64) throws {
        let oldest = try database.read { connection in
            try connection.query("SELECT MIN(version) FROM secrets WHERE name = ?", .text(BodyKey.name)) {
                $0.optionalInt64(0)
            }
        }
        guard let first = oldest.first ?? nil, first < day else { return }
        try database.write { connection in
            try connection.execute(
                "DELETE FROM secrets WHERE name = ? AND version < ?",
                .text(BodyKey.name),
                .integer(day)
            )
        }
    }

    /// - Parameter version: this one and no other.
    private func newest<Secret: StoredSecret>(_ vault: Vault, version: Int64? = nil, now: Instant) throws -> Secret {
        if let secret = try database.read({ try find($0, vault, version: version) as Secret? }) { return secret }
        return try database.write { connection in
            if let secret = try find(connection, vault, version: version) as Secret? { return secret }
            let secret = Secret.random(version: version ?? 1)
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

    private func find<Secret: StoredSecret>(
        _ connection: any SQLConnection,
        _ vault: Vault,
        version: Int64?
    ) throws -> Secret? {
        let rows = try connection.query(
            "SELECT version, value FROM secrets WHERE name = ? AND version = COALESCE(?, version) ORDER BY version DESC LIMIT 1",
            .text(Secret.name),
            SQLValue(version)
        ) { ($0.int64(0), $0.text(1)) }
        guard let (version, sealed) = rows.first else { return nil }
        let place = Secret.place(version: version)
        guard let secret = Secret(version: version, bytes: try vault.open(sealed, at: place)) else {
            throw SecretError.undecryptable(place: place.description)
        }
        return secret
    }
}
