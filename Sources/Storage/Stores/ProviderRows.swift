import Domain

/// Providers as the control plane shows them, and how `apply` and the API write them.
enum ProviderRows {
    private static let select =
        "SELECT p.id, p.name, p.dialect, p.base_url, p.api_key, p.api_key_version, p.is_active, p.created_at, p.updated_at FROM api_providers p"
    static let selectOne = select + " WHERE p.id = ?"

    static func find(_ id: ProviderID, _ vault: Vault, _ connection: any SQLConnection) throws -> ProviderRecord? {
        try connection.query(selectOne, SQLValue(id)) { try record($0, vault) }.first
    }

    static func page(
        _ query: ProviderQuery,
        _ vault: Vault,
        _ connection: any SQLConnection
    ) throws -> Page<ProviderRecord> {
        var filter = SQLFilter()
        filter.contains(query.search, in: ["p.name", "p.base_url"])
        filter.equals("p.dialect", query.dialect.map { .text($0.rawValue) })
        filter.equals("p.is_active", query.isActive.map { SQLValue($0) })
        let order: String? =
            switch query.window.order {
            case .id: nil
            case .name: "p.name"
            case .createdAt: "p.created_at"
            }
        return try SQLPage.read(
            select,
            from: "api_providers p",
            where: filter,
            order: order,
            key: "p.id",
            query.window,
            connection
        ) { try record($0, vault) }
    }

    /// The provider as it is called. - Throws: `.conflict(.undecryptable)`; nothing is ever asked without its credential.
    static func upstream(_ id: ProviderID, _ vault: Vault, _ connection: any SQLConnection) throws -> Provider? {
        try connection.query(selectOne, SQLValue(id)) { row in
            var credential: Credential?
            if let sealed = row.optionalText(4) {
                credential = open(sealed, of: id, version: row.int64(5), vault)
                if credential == nil { throw DeskError.conflict(.undecryptable) }
            }
            let found = try record(row, vault)
            return Provider(
                id: id,
                name: found.name,
                dialect: found.dialect,
                baseURL: found.baseURL,
                isActive: found.isActive,
                credential: credential
            )
        }.first
    }

    // MARK: Writing

    static func insert(_ new: NewProvider, _ vault: Vault, _ act: ActTransaction) throws -> Int64 {
        let id = try act.connection.insert(
            "INSERT INTO api_providers (name, dialect, base_url, is_active, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
            .text(new.name),
            .text(new.dialect.rawValue),
            .text(new.baseURL.description),
            SQLValue(new.isActive),
            SQLValue(act.now),
            SQLValue(act.now)
        )
        if let credential = new.credential {
            _ = try act.set("api_providers", sealed(credential, of: id, version: 1, vault), row: id)
        }
        return id
    }

    /// - Returns: the names of what is new.
    static func set(
        _ changes: ProviderChanges,
        of id: Int64,
        _ vault: Vault,
        _ act: ActTransaction
    ) throws -> [String] {
        let found = try act.connection.query(
            "SELECT base_url, api_key, api_key_version FROM api_providers WHERE id = ?",
            .integer(id)
        ) { (url: $0.text(0), sealed: $0.optionalText(1), version: $0.int64(2)) }.first
        guard let found else { throw DeskError.notFound }
        var columns: [(name: String, value: SQLValue?)] = [
            ("name", changes.name.map { .text($0) }), ("dialect", changes.dialect.map { .text($0.rawValue) }),
            ("base_url", changes.baseURL.map { .text($0.description) }),
            ("is_active", changes.isActive.map { SQLValue($0) }),
        ]
        switch changes.credential {
        case .keep:
            let moves = changes.baseURL.map { $0.description != found.url } ?? false
            if moves { columns.append(("api_key", .null)) }
        case .clear: columns.append(("api_key", .null))
        case .set(let credential):
            let stored = found.sealed.flatMap { open($0, of: ProviderID(id), version: found.version, vault) }
            if stored != credential {
                columns += sealed(credential, of: id, version: found.version + 1, vault)
            }
        }
        return try act.set("api_providers", columns, row: id).filter { $0 != "api_key_version" }
    }

    private static func sealed(
        _ credential: Credential,
        of id: Int64,
        version: Int64,
        _ vault: Vault
    ) -> [(name: String, value: SQLValue?)] {
        let text = vault.seal(
            Array(credential.secret.utf8),
            at: .providerKey(ProviderID(id), version: version)
        )
        return [("api_key", .text(text)), ("api_key_version", .integer(version))]
    }

    private static func open(_ sealed: String, of id: ProviderID, version: Int64, _ vault: Vault) -> Credential? {
        (try? vault.open(sealed, at: .providerKey(id, version: version))).map {
            Credential(String(decoding: $0, as: UTF8.self))
        }
    }

    private static func record(_ row: any SQLStatement, _ vault: Vault) throws -> ProviderRecord {
        let id: ProviderID = row.id(0)
        guard let dialect = DialectName(rawValue: row.text(2)), let url = try? BaseURL(parsing: row.text(3)) else {
            throw StorageError.unusable("provider \(id) has a dialect or base URL that this program does not know")
        }
        let state: CredentialState =
            if let sealed = row.optionalText(4) {
                open(sealed, of: id, version: row.int64(5), vault).map { .set(hint: $0.hint) } ?? .undecryptable
            } else {
                .none
            }
        return ProviderRecord(
            id: id,
            name: row.text(1),
            dialect: dialect,
            baseURL: url,
            isActive: row.bool(6),
            credential: state,
            createdAt: row.instant(7),
            updatedAt: row.instant(8)
        )
    }
}
