import Domain

extension Applier {
    func applyProvider(_ wish: DesiredProvider, _ transaction: inout ApplyTransaction) throws {
        if let url = wish.baseURL { try check(url, line: wish.line) }
        let rows = try transaction.connection.query(
            "SELECT id, base_url, api_key, api_key_version FROM api_providers WHERE name = ?",
            .text(wish.name)
        ) { (id: $0.int64(0), url: $0.text(1), sealed: $0.optionalText(2), version: $0.int64(3)) }
        guard let row = rows.first else { return try create(wish, &transaction) }

        var fields: [String] = []
        if let dialect = wish.dialect,
            try transaction.set("api_providers", "dialect", to: .text(dialect.rawValue), row: row.id)
        {
            fields.append("dialect")
        }
        var sealed = row.sealed
        if let url = wish.baseURL?.description, url != row.url {
            _ = try transaction.set("api_providers", "base_url", to: .text(url), row: row.id)
            fields.append("base_url")
            // The key was given for the old address; whoever may change addresses need not be able to read keys.
            if sealed != nil {
                _ = try transaction.set("api_providers", "api_key", to: .null, row: row.id)
                fields.append("api_key")
                sealed = nil
            }
        }
        switch wish.credential {
        case .keep: break
        case .clear:
            if try transaction.set("api_providers", "api_key", to: .null, row: row.id) { fields.append("api_key") }
        case .set(let credential):
            if !isSame(credential, sealed: sealed, provider: row.id, version: row.version) {
                try seal(credential, provider: row.id, version: row.version + 1, transaction)
                if !fields.contains("api_key") { fields.append("api_key") }
            }
        }
        if let isActive = wish.isActive,
            try transaction.set("api_providers", "is_active", to: SQLValue(isActive), row: row.id)
        {
            fields.append("is_active")
        }
        if !fields.isEmpty { try transaction.record(.provider, wish.name, row: row.id, .updated, fields: fields) }
    }

    private func create(_ wish: DesiredProvider, _ transaction: inout ApplyTransaction) throws {
        guard let url = wish.baseURL else {
            throw ApplyProblem(line: wish.line, reason: "provider '\(wish.name)' is new and needs a base_url")
        }
        let id = try transaction.connection.insert(
            "INSERT INTO api_providers (name, dialect, base_url, is_active, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
            .text(wish.name),
            .text((wish.dialect ?? .openai).rawValue),
            .text(url.description),
            SQLValue(wish.isActive ?? true),
            SQLValue(transaction.now),
            SQLValue(transaction.now)
        )
        if case .set(let credential) = wish.credential {
            try seal(credential, provider: id, version: 1, transaction)
        }
        try transaction.record(.provider, wish.name, row: id, .created)
    }

    private func check(_ url: BaseURL, line: SourceLine) throws(ApplyProblem) {
        switch AddressPolicy.verdict(url, allowsPrivate: allowsPrivate) {
        case .allowed: break
        case .needsAllowPrivate:
            throw ApplyProblem(
                line: line,
                reason: "base_url \(url) is a private address; set upstream.allow_private if that is meant"
            )
        case .forbidden:
            throw ApplyProblem(line: line, reason: "base_url \(url) is an address or port that no provider may have")
        }
    }

    private func isSame(_ credential: Credential, sealed: String?, provider: Int64, version: Int64) -> Bool {
        guard let sealed,
            let bytes = try? vault.open(sealed, at: .providerKey(ProviderID(provider), version: version))
        else { return false }
        return bytes == Array(credential.secret.utf8)
    }

    private func seal(
        _ credential: Credential,
        provider: Int64,
        version: Int64,
        _ transaction: ApplyTransaction
    ) throws {
        let sealed = vault.seal(
            Array(credential.secret.utf8),
            at: .providerKey(ProviderID(provider), version: version)
        )
        try transaction.connection.execute(
            "UPDATE api_providers SET api_key = ?, api_key_version = ?, updated_at = ? WHERE id = ?",
            .text(sealed),
            .integer(version),
            SQLValue(transaction.now),
            .integer(provider)
        )
    }
}
